//! The replication listener: lets in whoever says that it is a peer, and no more at a time than
//! may be unknown.

use std::sync::Arc;

use actix::Addr;
use actix_rt::ArbiterHandle;
use arc_swap::ArcSwap;
use core::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot, watch};
use tokio::time::timeout;
use tombolo_causality::{RegionId, ReplicaId};
use tombolo_protocol::{Frame, Hello, Purpose, RefusalCode, Welcome};
use tombolo_replication::Admission;
use tombolo_replication::intake::Input;
use tombolo_storage::View;
use tombolo_storage::journal::JournalReader;

use crate::catching_up::Giving;
use crate::connection::{ConnectionError, FrameReader, FrameWriter, HELLO_BYTES_MAX};
use crate::dialling::PROTOCOL;
use crate::forks::tell_history;
use crate::forwarding::{Answering, Answers};
use crate::intake::{Arrived, Intake};
use crate::leader::{Leader, Settle};
use crate::links::{Link, Links};
use crate::members::Members;
use crate::replication::PeerCalled;
use crate::roster::Roster;
use crate::serving::Serving;
use crate::tables::Tables;
use crate::verifying::{self, Holdings};

/// What is there once the region knows who it is.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    pub(crate) own: ReplicaId,
    pub(crate) leader: Addr<Leader>,
    pub(crate) intake: Addr<Intake>,
    pub(crate) tables: Tables,
    pub(crate) members: Members,
    pub(crate) published: watch::Receiver<u64>,
    pub(crate) holdings: Holdings,
}

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Listener {
    pub(crate) cluster: String,
    pub(crate) region: RegionId,
    /// Who this region was when it last ran: what it calls itself until it is open.
    pub(crate) before: ReplicaId,
    pub(crate) links: Arc<Links>,
    pub(crate) roster: Arc<Roster>,
    pub(crate) views: Arc<ArcSwap<View>>,
    pub(crate) journal: JournalReader,
    pub(crate) open: watch::Receiver<Option<Open>>,
    pub(crate) unknown: Arc<Semaphore>,
    pub(crate) hello_timeout: Duration,
    pub(crate) silence_max: Duration,
    pub(crate) frame_bytes_max: usize,
    pub(crate) answers: Answers,
    pub(crate) answer_thread: ArbiterHandle,
    pub(crate) forwards_in_flight_max: usize,
    pub(crate) forward_bytes_max: usize,
    pub(crate) forward_timeout_max: Duration,
}

impl Listener {
    /// Accepts connections for ever.
    pub(crate) async fn run(self, socket: TcpListener) {
        loop {
            match socket.accept().await {
                Ok((stream, from)) => {
                    let Ok(permit) = Arc::clone(&self.unknown).try_acquire_owned() else {
                        tracing::warn!(%from, "too many connections that say nothing: closed");
                        continue;
                    };
                    let listener = self.clone();
                    actix_rt::spawn(async move {
                        let ended = listener.greet(stream, permit).await;
                        tracing::debug!(%from, reason = %ended, "a peer's connection ended");
                    });
                }
                Err(error) => {
                    // Out of descriptors, most likely: others must close before it can go on.
                    tracing::warn!(%error, "no connection could be accepted");
                    tokio::time::sleep(self.hello_timeout / 10).await;
                }
            }
        }
    }

    async fn greet(
        self,
        stream: TcpStream,
        permit: tokio::sync::OwnedSemaphorePermit,
    ) -> ConnectionError {
        if let Err(error) = stream.set_nodelay(true) {
            return error.into();
        }
        let (read, write) = stream.into_split();
        let (mut reader, mut writer) = (FrameReader::new(read), FrameWriter::new(write));
        let hello =
            match timeout(self.hello_timeout, reader.read(HELLO_BYTES_MAX, self.hello_timeout))
                .await
            {
                Ok(Ok(Frame::Hello(hello))) => hello,
                Ok(Ok(_)) => {
                    return ConnectionError::Unexpected { what: "something before its hello" };
                }
                Ok(Err(error)) => return error,
                Err(_) => return ConnectionError::Silent,
            };
        let link = match self.admit(&hello) {
            Ok(link) => link,
            Err((code, detail)) => {
                timeout(self.hello_timeout, writer.refuse(code, &detail)).await.ok();
                return ConnectionError::Refusing { code, detail };
            }
        };
        drop(permit);
        match hello.purpose {
            Purpose::Identify => match self.identify(&link, &hello, &mut writer).await {
                Ok(()) => tell_history(self.journal, reader, writer, self.silence_max).await,
                Err(error) => error,
            },
            Purpose::Replicate => self.replicate(link, &hello, reader, writer).await,
            Purpose::Forward => self.answer(link, &hello, reader, writer).await,
            Purpose::Verify => self.verify(link, &hello, reader, writer).await,
            Purpose::CatchUp => self.give(link, &hello, reader, writer).await,
        }
    }

    fn admit(&self, hello: &Hello) -> Result<Arc<Link>, (RefusalCode, String)> {
        if hello.cluster != self.cluster {
            let detail = format!("this is cluster {:?}", self.cluster);
            return Err((RefusalCode::WrongCluster, detail));
        }
        if hello.replica.region != hello.region {
            let detail = "the replica is not of the region".to_owned();
            return Err((RefusalCode::Malformed, detail));
        }
        let link = self.find(hello)?;
        if !(hello.protocol_min..=hello.protocol_max).contains(&PROTOCOL) {
            let detail = format!("protocol {PROTOCOL} is spoken here");
            return Err((RefusalCode::Protocol, detail));
        }
        if link.is_paused() {
            let detail = format!("{} has paused the link", self.region);
            return Err((RefusalCode::Paused, detail));
        }
        Ok(link)
    }

    /// The link with who calls, where that is a member.
    fn find(&self, hello: &Hello) -> Result<Arc<Link>, (RefusalCode, String)> {
        let Hello { region, purpose, .. } = hello;
        let unknown = || {
            let detail = format!("{region} is not a member, as far as {} has heard", self.region);
            (RefusalCode::UnknownRegion, detail)
        };
        match (self.roster.members().admission(*region, &hello.vector), purpose) {
            (Admission::Unknown, _) => return Err(unknown()),
            (Admission::Removed, _) => {
                let detail = format!("{region} was removed; start it with an empty directory");
                return Err((RefusalCode::Removed, detail));
            }
            (Admission::Newcomer, Purpose::Identify) => {
                let detail = format!("{region} is to take first what the others show");
                return Err((RefusalCode::Newcomer, detail));
            }
            (Admission::Newcomer, Purpose::Verify) => {
                let detail = format!("{region} has not yet taken what the others show");
                return Err((RefusalCode::Unavailable, detail));
            }
            (Admission::Newcomer | Admission::Member, _) => {}
        }
        // A member that was added this very moment has no link yet, and calls again.
        self.links.get(region).ok_or_else(unknown)
    }

    /// Tells a region that is starting how much of its stream is known here, now that nothing of
    /// its earlier life can arrive any more.
    async fn identify(
        &self,
        link: &Link,
        hello: &Hello,
        writer: &mut FrameWriter,
    ) -> Result<(), ConnectionError> {
        let (connection, _) = link.open_outbox();
        link.close_outbox(connection);
        let open = self.open.borrow().clone();
        if let Some(open) = &open {
            let lost = Arrived(Input::Lost { peer: link.peer });
            let barrier = open.intake.send(lost).await;
            barrier.map_err(|_| ConnectionError::Stopped)?.ok();
            let (reply, settled) = oneshot::channel();
            let asked = open.leader.send(Settle { reply }).await;
            asked.map_err(|_| ConnectionError::Stopped)?;
            settled.await.map_err(|_| ConnectionError::Stopped)?.ok();
        }
        let own = open.map_or(self.before, |open| open.own);
        writer.write(&Frame::Welcome(self.welcome(own, hello))).await?;
        Ok(())
    }

    async fn replicate(
        &self,
        link: Arc<Link>,
        hello: &Hello,
        reader: FrameReader,
        mut writer: FrameWriter,
    ) -> ConnectionError {
        let Some(open) = self.open.borrow().clone() else {
            return self.not_yet(&mut writer).await;
        };
        if let Some(detail) = self.forked(&link, open.own, hello) {
            let code = RefusalCode::Forked;
            timeout(self.hello_timeout, writer.refuse(code, &detail)).await.ok();
            return ConnectionError::Refusing { code, detail };
        }
        let welcome = Frame::Welcome(self.welcome(open.own, hello));
        if let Err(error) = writer.write(&welcome).await {
            return error;
        }
        link.greet(&hello.vector);
        if let Some(replication) = link.replication()
            && replication.send(PeerCalled).await.is_err()
        {
            return ConnectionError::Stopped;
        }
        let serving = Serving {
            link,
            peer_replica: hello.replica,
            links: Arc::clone(&self.links),
            views: Arc::clone(&self.views),
            published: open.published.clone(),
            intake: open.intake.clone(),
            tables: open.tables.clone(),
            members: open.members.clone(),
            state: open.holdings.state.clone(),
            silence_max: self.silence_max,
            frame_bytes_max: self.frame_bytes_max,
        };
        serving.run(reader, writer).await
    }

    /// Why nothing is taken of a peer that knows another history of this very replica: what it ships
    /// rests on changes that mean something else here.
    fn forked(&self, link: &Link, own: ReplicaId, hello: &Hello) -> Option<String> {
        let here = self.views.load().vector().get(&own);
        let theirs = hello.vector.get(&own);
        let is_forked = theirs > here || link.facts().is_forked;
        is_forked.then(|| format!("{} knows another history of {own}", hello.region))
    }

    async fn answer(
        &self,
        link: Arc<Link>,
        hello: &Hello,
        reader: FrameReader,
        mut writer: FrameWriter,
    ) -> ConnectionError {
        let own = self.open.borrow().as_ref().map_or(self.before, |open| open.own);
        if let Err(error) = writer.write(&Frame::Welcome(self.welcome(own, hello))).await {
            return error;
        }
        let answering = Answering {
            link,
            answers: self.answers.clone(),
            thread: self.answer_thread.clone(),
            in_flight_max: self.forwards_in_flight_max,
            bytes_max: self.forward_bytes_max,
            timeout_max: self.forward_timeout_max,
            silence_max: self.silence_max,
        };
        answering.run(reader, writer).await
    }

    async fn verify(
        &self,
        link: Arc<Link>,
        hello: &Hello,
        reader: FrameReader,
        mut writer: FrameWriter,
    ) -> ConnectionError {
        let Some(open) = self.open.borrow().clone() else {
            return self.not_yet(&mut writer).await;
        };
        if let Err(error) = writer.write(&Frame::Welcome(self.welcome(open.own, hello))).await {
            return error;
        }
        let answering = verifying::Answering {
            link,
            holdings: open.holdings,
            frame_bytes_max: self.frame_bytes_max,
            silence_max: self.silence_max,
        };
        answering.run(reader, writer).await
    }

    async fn give(
        &self,
        link: Arc<Link>,
        hello: &Hello,
        reader: FrameReader,
        mut writer: FrameWriter,
    ) -> ConnectionError {
        let Some(open) = self.open.borrow().clone() else {
            return self.not_yet(&mut writer).await;
        };
        if let Err(error) = writer.write(&Frame::Welcome(self.welcome(open.own, hello))).await {
            return error;
        }
        let (holdings, silence_max) = (open.holdings, self.silence_max);
        Giving { link, holdings, silence_max }.run(reader, writer).await
    }

    async fn not_yet(&self, writer: &mut FrameWriter) -> ConnectionError {
        let (code, detail) = (RefusalCode::Unavailable, "the region is starting".to_owned());
        timeout(self.hello_timeout, writer.refuse(code, &detail)).await.ok();
        ConnectionError::Refusing { code, detail }
    }

    fn welcome(&self, own: ReplicaId, hello: &Hello) -> Welcome {
        let view = self.views.load();
        Welcome {
            replica: own,
            protocol: PROTOCOL,
            vector: (**view.vector()).clone(),
            yours: view.position().streams.get(&hello.replica),
        }
    }
}

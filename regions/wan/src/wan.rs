//! The running relay: started from a plan, steered while it runs, gone when dropped.
//!
//! Two threads of its own: one with a reactor for all sockets, one for the alarm. Every method
//! is a plain call from any thread and takes effect without waiting for the sockets.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;

use crate::alarm::Alarm;
use crate::error::WanError;
use crate::jitter::Jitter;
use crate::link::{Link, LinkCounters};
use crate::path::{Contact, Path};
use crate::plan::{Ends, WanPlan};
use crate::relay::Relay;
use crate::shape::LinkShape;

/// A relay between places. Dropping it closes every socket and waits for its two threads, which
/// takes no longer than their next wake-up.
#[derive(Debug)]
pub struct Wan {
    links: BTreeMap<Ends, Arc<Link>>,
    // The order is that of dropping: the tasks end before the alarm that wakes them.
    _relay: Relay,
    _alarm: Alarm,
}

impl Wan {
    /// Opens all listeners and begins to relay. Every link has contact.
    ///
    /// Fails if the plan has a hole ([`WanError::UnknownPlace`], [`WanError::NoWayBack`],
    /// [`WanError::UnknownLink`], [`WanError::Shape`]) or the system refuses a socket or a
    /// thread; nothing is left running then.
    pub fn start(plan: &WanPlan) -> Result<Self, WanError> {
        plan.check()?;
        let mut seeds = Jitter::new(plan.seed);
        let paths: BTreeMap<&Ends, Arc<Path>> = plan
            .paths
            .iter()
            .map(|(ends, shape)| (ends, Arc::new(Path::new(*shape, seeds.next_u64()))))
            .collect();
        let mut links = BTreeMap::new();
        let mut served = Vec::new();
        for (ends, path) in &paths {
            let back = (ends.1.clone(), ends.0.clone());
            // `check` has seen both the place and the way back.
            let (Some(upstream), Some(way_back)) = (plan.places.get(&ends.1), paths.get(&back))
            else {
                continue;
            };
            let (listener, address) = listen(plan, ends)?;
            let link = Link::new(address, *upstream, Arc::clone(path), Arc::clone(way_back));
            let link = Arc::new(link);
            served.push((Arc::clone(&link), listener));
            links.insert((*ends).clone(), link);
        }
        let alarm = Alarm::start().map_err(|source| WanError::Run { source })?;
        let relay =
            Relay::start(served, alarm.agenda()).map_err(|source| WanError::Run { source })?;
        Ok(Self { links, _relay: relay, _alarm: alarm })
    }

    /// Where `from` finds `to`.
    pub fn address(&self, from: &str, to: &str) -> Result<SocketAddr, WanError> {
        self.one(from, to).map(|link| link.address)
    }

    /// All links as (from, to), in the order of their names.
    pub fn links(&self) -> impl Iterator<Item = (&str, &str)> {
        self.links.keys().map(|(from, to)| (from.as_str(), to.as_str()))
    }

    /// What the link from `from` to `to` has done so far.
    pub fn counters(&self, from: &str, to: &str) -> Result<LinkCounters, WanError> {
        self.one(from, to).map(Link::counters)
    }

    /// Makes a black hole of both directions. Connections stay open, new ones are accepted and
    /// hang; what is sent is held, and beyond the window the sender is pushed back.
    pub fn cut(&self, a: &str, b: &str) -> Result<(), WanError> {
        for link in self.both(a, b)? {
            link.path.set_contact(Contact::Cut);
        }
        Ok(())
    }

    /// Restores contact in both directions. What was held is sent again and arrives after the
    /// delay; so do the handshakes of clients that are still waiting.
    pub fn heal(&self, a: &str, b: &str) -> Result<(), WanError> {
        for link in self.both(a, b)? {
            link.path.set_contact(Contact::Open);
        }
        Ok(())
    }

    /// [`Wan::cut`] in one direction. Open connections still carry the other one (a real sender
    /// there, without acknowledgements, would stop once its window is full); new connections
    /// hang whichever side opens them.
    pub fn cut_one_way(&self, from: &str, to: &str) -> Result<(), WanError> {
        self.one(from, to)?.path.set_contact(Contact::Cut);
        Ok(())
    }

    /// [`Wan::heal`] in one direction.
    pub fn heal_one_way(&self, from: &str, to: &str) -> Result<(), WanError> {
        self.one(from, to)?.path.set_contact(Contact::Open);
        Ok(())
    }

    /// Drops the connections between two places, whichever side opened them, with a reset to
    /// both ends and the loss of what was on the way. New ones are carried at once.
    pub fn sever(&self, a: &str, b: &str) -> Result<(), WanError> {
        for link in self.both(a, b)? {
            link.sever();
        }
        Ok(())
    }

    /// Gives both directions another shape. What is on the way counts as sent at this moment.
    pub fn slow(&self, a: &str, b: &str, shape: LinkShape) -> Result<(), WanError> {
        let links = self.both(a, b)?;
        check(a, b, shape)?;
        for link in links {
            link.path.set_shape(shape);
        }
        Ok(())
    }

    /// [`Wan::slow`] in one direction.
    pub fn slow_one_way(&self, from: &str, to: &str, shape: LinkShape) -> Result<(), WanError> {
        let link = self.one(from, to)?;
        check(from, to, shape)?;
        link.path.set_shape(shape);
        Ok(())
    }

    fn one(&self, from: &str, to: &str) -> Result<&Link, WanError> {
        let ends = (from.to_owned(), to.to_owned());
        match self.links.get(&ends) {
            Some(link) => Ok(link),
            None => Err(WanError::UnknownLink { from: ends.0, to: ends.1 }),
        }
    }

    fn both(&self, a: &str, b: &str) -> Result<[&Link; 2], WanError> {
        Ok([self.one(a, b)?, self.one(b, a)?])
    }
}

fn check(from: &str, to: &str, shape: LinkShape) -> Result<(), WanError> {
    shape.check().map_err(|source| WanError::Shape {
        from: from.to_owned(),
        to: to.to_owned(),
        source,
    })
}

fn listen(plan: &WanPlan, ends: &Ends) -> Result<(TcpListener, SocketAddr), WanError> {
    let port = plan.ports.get(ends).copied().unwrap_or(0);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let open = || {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    open().map_err(|source| WanError::Listen {
        from: ends.0.clone(),
        to: ends.1.clone(),
        address,
        source,
    })
}

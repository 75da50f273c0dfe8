//! Making of a directory whose history has forked one that begins anew, with what no peer has.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{CWD, RenameFlags, renameat_with};
use tombolo_causality::{Dot, RegionId, ReplicaId, VersionVector};
use tombolo_protocol::seal;
use tombolo_replication::StreamPosition;
use tombolo_replication::fork::Reauthoring;
use tombolo_storage::disk::{Disk, RealDisk};
use tombolo_storage::{
    Begun, Identity, PausedLinks, ReauthoredWriter, Retained, StorageError, Store, View,
};
use tombolo_topology::Settings;

use super::asking::{Knows, Witness};
use super::{NotRecovered, Recovered};
use crate::boot::{mint, store_options};

/// Does all of it for the region of `settings`, which must not be running. Peers `without` which it
/// is to be done are not asked. Runs in a tokio runtime, and blocks it.
///
/// Where it fails nothing has changed. The old directory is beside the new one afterwards.
pub async fn recover_fork(
    settings: &Settings,
    without: &[RegionId],
) -> Result<Recovered, NotRecovered> {
    let data_dir = &settings.region.data_dir;
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::open(data_dir)?);
    let identity = Identity::read(&*disk)?.ok_or(NotRecovered::Nothing)?;
    let own = identity.replica;
    let (cluster, region) = (settings.cluster.id.as_str(), settings.region.name);
    if identity.cluster != cluster || own.region != region {
        return Err(NotRecovered::Storage(StorageError::Foreign {
            found: format!("{} of cluster {}", own.region, identity.cluster),
            expected: format!("{region} of cluster {cluster}"),
        }));
    }
    let store = Store::open(&disk, Begun::Before, &store_options(settings)?)?;
    let view = store.overlay.views().load_full();
    let fork = find(settings, without, own, &store, &view).await?;

    let beside = beside(data_dir, "anew");
    if beside.exists() {
        return Err(NotRecovered::InTheWay { path: beside });
    }
    let heir = ReplicaId::new(region, mint()?);
    let prepared = prepare(&beside, &*disk, &store, &view, (own, heir), &fork);
    let (mut recovered, new_disk) = prepared.inspect_err(|_| {
        // It was made just now, and holds nothing that is not in the old one.
        fs::remove_dir_all(&beside).ok();
    })?;
    recovered.set_aside = exchange(data_dir, &beside, own)?;
    // Nobody could start on either meanwhile.
    drop((new_disk, store, disk));
    Ok(recovered)
}

/// Where the histories part, and what the peers have.
#[derive(Debug)]
struct Fork {
    common: u64,
    known: VersionVector,
}

async fn find(
    settings: &Settings,
    without: &[RegionId],
    own: ReplicaId,
    store: &Store,
    view: &View,
) -> Result<Fork, NotRecovered> {
    let here = view.position().streams.get(&own);
    let mut log = store.reader.log();
    let (mut known, mut common) = (VersionVector::new(), None::<u64>);
    let mut on_this = None::<(RegionId, u64)>;
    let asked = settings.cluster.peers(own.region).filter(|peer| !without.contains(&peer.name));
    for peer in asked {
        let address = (peer.replication.host(), peer.replication.port());
        let wait = settings.replication.identity_check;
        let cluster = settings.cluster.id.as_str();
        let mut witness = Witness::call(cluster, own, peer.name, address, wait).await?;
        match witness.compare(own, here, &mut log).await? {
            Knows::This(seq) if on_this.is_none_or(|(_, most)| most < seq) => {
                on_this = Some((witness.peer, seq));
            }
            Knows::This(_) => {}
            Knows::Another(seq) => common = Some(common.map_or(seq, |least| least.min(seq))),
        }
        known.join(&witness.vector);
    }
    let common = common.ok_or(NotRecovered::NotForked { own })?;
    match on_this {
        Some((peer, seq)) if seq > common => Err(NotRecovered::Split { peer, seq }),
        _ => Ok(Fork { common, known }),
    }
}

/// Writes the new directory.
fn prepare(
    beside: &Path,
    old: &dyn Disk,
    store: &Store,
    view: &View,
    (own, heir): (ReplicaId, ReplicaId),
    fork: &Fork,
) -> Result<(Recovered, RealDisk), NotRecovered> {
    let disk = RealDisk::open(beside)?;
    let mut writer = ReauthoredWriter::begin(&disk)?;
    let mut recovered = Recovered {
        from: own,
        common: fork.common,
        heir,
        reauthored: 0,
        carried: 0,
        left_over: Vec::new(),
        set_aside: PathBuf::new(),
    };
    let first = first_retained(store)?;
    // What is missing of a stream is missing from its first change on that nobody has.
    for (replica, at) in view.position().streams.iter() {
        let has = if replica == own { fork.common } else { fork.known.get(&replica) };
        if has < at.seq && has < first.get(&replica).copied().unwrap_or(at.seq) {
            return Err(NotRecovered::OnlyHere { dot: Dot::new(replica, has + 1) });
        }
    }
    let is_whole = first.get(&own).is_none_or(|before| *before == 0);
    let mut reauthoring = Reauthoring::new(own, fork.common, heir, is_whole);
    let mut of_heir = StreamPosition::default();
    store.reader.each_change(|Retained { before, sealed }| {
        let dot = sealed.change.dot;
        if dot.replica == own {
            if let Some(anew) = reauthoring.take(&sealed.change) {
                let sealed = seal(anew.change)?;
                writer.add(heir, of_heir, Arc::clone(&sealed.bytes))?;
                of_heir = of_heir.after(&sealed.bytes);
                recovered.reauthored += 1;
                recovered.left_over.extend(anew.left_over);
            }
        } else if !fork.known.contains(&dot) {
            writer.add(dot.replica, before, sealed.bytes)?;
            recovered.carried += 1;
        }
        Ok(())
    })?;
    writer.end(&disk)?;
    PausedLinks::read(old)?.write(&disk)?;
    Ok((recovered, disk))
}

/// Of each stream the sequence after which its changes are retained.
fn first_retained(store: &Store) -> Result<BTreeMap<ReplicaId, u64>, StorageError> {
    let mut first = BTreeMap::new();
    store.reader.each_change(|Retained { before, sealed }| {
        first.entry(sealed.change.dot.replica).or_insert(before.seq);
        Ok(())
    })?;
    Ok(first)
}

/// A directory of that name and ending.
fn beside(data_dir: &Path, ending: &str) -> PathBuf {
    let mut name = data_dir.as_os_str().to_owned();
    name.push(format!(".{ending}"));
    name.into()
}

/// Puts the new directory in the place of the old one, in one step, and names the old one for what it
/// is; durable at return. Answers where that is.
fn exchange(data_dir: &Path, new: &Path, own: ReplicaId) -> Result<PathBuf, NotRecovered> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source: std::io::Error| NotRecovered::Io { path, source }
    };
    let exchanged = renameat_with(CWD, new, CWD, data_dir, RenameFlags::EXCHANGE);
    exchanged.map_err(|error| failed(data_dir)(error.into()))?;
    let set_aside = beside(data_dir, &format!("forked-{}", own.incarnation));
    fs::rename(new, &set_aside).map_err(failed(&set_aside))?;
    let folder = data_dir.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed(folder))?;
    Ok(set_aside)
}

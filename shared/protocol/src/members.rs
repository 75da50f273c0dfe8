//! The list of members, as a change carries it and a catalog keeps it.

use tombolo_causality::RegionId;
use tombolo_replication::{Member, MemberAddress, Membership, Removed};

use crate::replica_table::{ReplicaTable, Replicas, WireDot};
use crate::rules::holds;
use crate::{DecodeError, EncodeError};

const WHAT: &str = "members";

/// Epoch; name, address and the change that added it of each member; name of each removed region and
/// the change that removed it; who ordered before.
pub(crate) type MembersV1 =
    (u64, Vec<(RegionId, String, Option<WireDot>)>, Vec<(RegionId, WireDot)>, Vec<RegionId>);

pub(crate) fn encode_members(
    list: &Membership,
    replicas: &mut ReplicaTable,
) -> Result<MembersV1, EncodeError> {
    // The list of the settings is nowhere written down.
    holds(WHAT, list.epoch() > 0)?;
    let members = list.members().iter().map(|member| {
        let since = member.since.map(|dot| replicas.dot(dot)).transpose()?;
        Ok((member.region, member.address.as_str().to_owned(), since))
    });
    let members: Result<_, EncodeError> = members.collect();
    let removed = list.removed().iter();
    let removed = removed.map(|removed| Ok((removed.region, replicas.dot(removed.by)?)));
    let removed: Result<_, EncodeError> = removed.collect();
    Ok((list.epoch(), members?, removed?, list.ordered_before().to_vec()))
}

pub(crate) fn decode_members(
    (epoch, members, removed, ordered_before): MembersV1,
    replicas: Replicas<'_>,
) -> Result<Membership, DecodeError> {
    let malformed = DecodeError::Malformed { what: WHAT };
    let members = members.into_iter().map(|(region, address, since)| {
        let address = MemberAddress::new(&address).map_err(|_| malformed.clone())?;
        let since = since.map(|dot| replicas.dot(dot)).transpose()?;
        Ok(Member { region, address, since })
    });
    let members: Result<_, DecodeError> = members.collect();
    let removed = removed.into_iter();
    let removed = removed.map(|(region, by)| Ok(Removed { region, by: replicas.dot(by)? }));
    let removed: Result<_, DecodeError> = removed.collect();
    Membership::from_parts(epoch, members?, removed?, ordered_before).map_err(|_| malformed)
}

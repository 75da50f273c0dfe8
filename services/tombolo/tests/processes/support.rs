//! Clusters of processes, and what is asked of them from outside.

mod asked;
mod cluster;
mod counter;
mod demo;
mod escaped;
mod history;
mod http;
mod level;
mod load;
mod noise;
mod ports;
mod process;
mod region;
mod seed;
mod session_checker;
mod turn;
mod version;
mod wait;

pub(crate) use self::asked::Asked;
pub(crate) use self::cluster::{Cluster, Distance, NAMES};
pub(crate) use self::counter::Counter;
pub(crate) use self::demo::Demo;
pub(crate) use self::escaped::escaped;
pub(crate) use self::history::{Kind, Operation, Outcome, Recorder};
pub(crate) use self::http::{CallError, Client, Reply};
pub(crate) use self::level::{Level, dot, level};
pub(crate) use self::load::{Load, Tally};
pub(crate) use self::noise::noise;
pub(crate) use self::ports::{base_port, free_ports};
pub(crate) use self::process::{Process, is_gone, tombolo};
pub(crate) use self::region::{Region, item};
pub(crate) use self::seed::Seed;
pub(crate) use self::session_checker::{Guarantee, violations};
pub(crate) use self::turn::Turn;
pub(crate) use self::version::Version;
pub(crate) use self::wait::{PATIENCE, eventually, rarely, until};

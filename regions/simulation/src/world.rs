//! Regions, network, clients and accidents in one thread and one seeded time.

mod accidents;
mod asking;
mod settling;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tombolo_causality::RegionId;
use tombolo_topology::places::PLACES;
use tombolo_topology::{LatencyMatrix, Place};

use crate::Random;
use crate::around::Around;
use crate::clients::{Client, TABLES};
use crate::coverage::{Coverage, FaultKind, PathKind};
use crate::disk::SimulatedDisk;
use crate::invariant::{Invariant, Violation};
use crate::network::{Delivery, Network, RegionIndex};
use crate::plan::Plan;
use crate::queue::Queue;
use crate::region::{Failure, Process, Region, Wake};
use crate::request::Request;
use crate::trace::Trace;
use crate::truth::Truth;

use self::accidents::Mend;

/// Something that happens.
#[derive(Debug)]
pub(crate) enum Event {
    /// A process wakes up, where it is still the one that planned it.
    Wake { region: RegionIndex, life: u64, what: Wake },
    /// Something arrives.
    Delivery(Delivery),
    /// A request arrives that a peer has passed on.
    Forwarded { to: RegionIndex, request: Box<Request> },
    /// A client has thought.
    Client { client: usize },
    /// A client has waited long enough.
    Timeout { client: usize, number: u64 },
    /// Something goes wrong.
    Accident,
    /// Something is put right.
    Mend(Mend),
    /// A process begins, unless one has since.
    Restart { region: RegionIndex, life: u64 },
}

/// What became of a world.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The first promise that was broken, where one was.
    pub violation: Option<Violation>,
    /// A hash of everything that happened.
    pub trace: Trace,
    /// What happened, and how often.
    pub coverage: Coverage,
    /// How much time passed in the world, in ms.
    pub simulated_ms: u64,
    /// How many events there were.
    pub events: u64,
    /// How many changes were made.
    pub changes: u64,
    /// How many requests were answered.
    pub answered: u64,
    /// What happened, where the plan wanted it to be written down.
    pub history: Vec<String>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct World {
    around: Around,
    regions: Vec<Region>,
    clients: Vec<Client>,
    images: Vec<Option<SimulatedDisk>>,
    /// Requests that were refused for good.
    refused: BTreeSet<(usize, u64)>,
    tables_left: Vec<usize>,
    healed: bool,
    /// When all has arrived that was under way when it was healed.
    arrived_us: u64,
    quiet: Option<settling::Quiet>,
    next_look_us: u64,
    events: u64,
    answered: u64,
}

/// Runs the world of a plan to its end. A panic of anything in it is a region that has ended without
/// a reason.
pub fn run(plan: &Plan) -> Outcome {
    let world = AssertUnwindSafe(|| World::new(plan.clone()).run());
    catch_unwind(world).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        let detail = format!("it panicked: {}", text.unwrap_or_default());
        Outcome {
            violation: Some(Invariant::Alive.broken(detail)),
            trace: Trace::default(),
            coverage: Coverage::default(),
            simulated_ms: 0,
            events: 0,
            changes: 0,
            answered: 0,
            history: Vec::new(),
        }
    })
}

/// The places of a world: the three of a demo first.
fn chosen(count: usize) -> Vec<&'static Place> {
    const FIRST: [&str; 3] = ["us-east", "eu-west", "ap-southeast"];
    let first = FIRST.iter().filter_map(|name| PLACES.iter().find(|place| place.name == *name));
    let rest = PLACES.iter().filter(|place| !FIRST.contains(&place.name));
    first.chain(rest).take(count).collect()
}

impl World {
    fn new(plan: Plan) -> Self {
        let mut random = Random::new(plan.seed);
        let matrix = LatencyMatrix::measured();
        let places = chosen(plan.regions);
        let delay = |from: &&Place, to: &&Place| {
            u64::try_from(matrix.one_way(from, to).as_micros()).unwrap_or(0).max(100)
        };
        let delays: Vec<Vec<u64>> =
            places.iter().map(|from| places.iter().map(|to| delay(from, to)).collect()).collect();
        let names: Vec<_> =
            places.iter().filter_map(|place| RegionId::new(place.name).ok()).collect();
        let regions = names
            .iter()
            .enumerate()
            .map(|(index, name)| Region::new(index, *name, random.next_u64()))
            .collect();
        let count = plan.regions * plan.clients_per_region;
        let clients = (0..count).map(|index| Client::new(index, index % plan.regions)).collect();
        let around = Around {
            now_us: 0,
            network: Network::new(delays, plan.weather),
            truth: Truth::new(plan.regions),
            plan,
            names,
            queue: Queue::new(),
            random,
            coverage: Coverage::default(),
            trace: Trace::default(),
            replies: Vec::new(),
            violations: Vec::new(),
            history: Vec::new(),
        };
        let mut world = Self {
            images: vec![None; around.plan.regions],
            around,
            regions,
            clients,
            refused: BTreeSet::new(),
            tables_left: (0..TABLES.len()).rev().collect(),
            healed: false,
            arrived_us: 0,
            quiet: None,
            next_look_us: 0,
            events: 0,
            answered: 0,
        };
        for region in 0..world.regions.len() {
            world.around.queue.plan(0, Event::Restart { region, life: 0 });
        }
        for client in 0..world.clients.len() {
            let at_us = 1_000 + world.around.random.below(world.around.plan.think_ms * 1_000);
            world.around.queue.plan(at_us, Event::Client { client });
        }
        let first_us = world.until_next_accident();
        world.around.queue.plan(first_us, Event::Accident);
        world
    }

    fn run(mut self) -> Outcome {
        let heal_at_us = self.around.plan.run_ms * 1_000;
        while self.around.violations.is_empty() {
            let Some((at_us, event)) = self.around.queue.next() else { break };
            if !self.healed && at_us >= heal_at_us {
                self.around.now_us = heal_at_us;
                self.around.queue.plan(at_us, event);
                self.heal();
                continue;
            }
            self.around.now_us = at_us;
            self.events += 1;
            self.happens(event);
            self.replies();
            if self.healed && self.is_over() {
                break;
            }
        }
        let Around { now_us, violations, trace, coverage, truth, history, .. } = self.around;
        Outcome {
            violation: violations.into_iter().next(),
            trace,
            coverage,
            simulated_ms: now_us / 1_000,
            events: self.events,
            changes: truth.changes(),
            answered: self.answered,
            history,
        }
    }

    fn happens(&mut self, event: Event) {
        self.around.trace.word(self.around.now_us);
        match event {
            Event::Wake { region, life, what } => {
                if self.regions[region].life != life {
                    return;
                }
                if self.is_stopped(region, Event::Wake { region, life, what }) {
                    return;
                }
                let result = self.regions[region].wake(&mut self.around, what);
                self.ends_on(region, result);
            }
            Event::Delivery(delivery) => {
                let region = delivery.to;
                if self.around.network.other_end(delivery.connection, region).is_none()
                    || self.is_stopped(region, Event::Delivery(delivery.clone()))
                {
                    return;
                }
                let result = self.regions[region].arrived(&mut self.around, delivery);
                self.ends_on(region, result);
            }
            Event::Forwarded { to, request } => self.ask(to, *request),
            Event::Client { client } => self.client(client),
            Event::Timeout { client, number } => self.timeout(client, number),
            Event::Accident => self.accident(),
            Event::Mend(mend) => self.mend(mend),
            Event::Restart { region, life } => {
                if self.regions[region].life == life {
                    self.restart(region);
                }
            }
        }
    }

    /// A process that is stopped does nothing until it goes on.
    fn is_stopped(&mut self, region: RegionIndex, event: Event) -> bool {
        let until_us = self.regions[region].stopped_until_us;
        let is_stopped = until_us > self.around.now_us;
        if is_stopped {
            self.around.queue.plan(until_us, event);
        }
        is_stopped
    }

    fn ask(&mut self, region: RegionIndex, request: Request) {
        if self.regions[region].stopped_until_us > self.around.now_us {
            // It waits in a socket, and its client does not wait that long.
            return;
        }
        let result = self.regions[region].ask(&mut self.around, request);
        self.ends_on(region, result);
    }

    /// A process that has failed ends; one that had no reason to breaks a promise.
    fn ends_on(&mut self, region: RegionIndex, result: Result<(), Failure>) {
        let Err(Failure(reason)) = result else { return };
        let name = self.regions[region].name;
        self.around.tell(|| format!("{name} ends: {reason}"));
        if self.regions[region].disk_is_excused || self.regions[region].disk_may_be_damaged {
            return self.is_damaged(region);
        }
        if !self.regions[region].disk_is_bad {
            let detail = format!("{} ended: {reason}", self.regions[region].name);
            self.around.violations.push(Invariant::Alive.broken(detail));
            return;
        }
        let power = self.around.random.one_in(2);
        self.end(region, power);
        self.restart_later(region);
    }

    /// A process ends at once, with the machine's power or without.
    fn end(&mut self, region: RegionIndex, power: bool) {
        let Self { regions, around, .. } = self;
        let ending = &mut regions[region];
        let mut process = core::mem::replace(&mut ending.process, Process::Down);
        if let Process::Running(running) = &mut process {
            running.abandon(around);
        }
        for connection in around.network.of(region) {
            if !power {
                // The kernel says so for it.
                around.close(connection, region);
            }
            if power {
                around.network.forget(connection);
            }
        }
        let name = ending.name;
        around.tell(|| format!("{name} is down{}", if power { ", the power is cut" } else { "" }));
        ending.life += 1;
        ending.stopped_until_us = 0;
        if power {
            ending.disk_is_excused |= core::mem::take(&mut ending.disk_has_lied);
            ending.disk.power_cut();
        } else {
            ending.disk.process_end();
        }
        // Only now: a process that ends at once writes nothing more, its database least of all.
        drop(process);
        ending.disk_is_bad = false;
        ending.disk_is_full = false;
    }

    fn restart_later(&mut self, region: RegionIndex) {
        let in_us = 100_000 + self.around.random.below(10_000_000);
        let life = self.regions[region].life;
        self.around.queue.plan(self.around.now_us + in_us, Event::Restart { region, life });
    }

    fn restart(&mut self, region: RegionIndex) {
        if !matches!(self.regions[region].process, Process::Down) {
            return;
        }
        let Self { regions, around, .. } = self;
        let starting = &mut regions[region];
        if !self.healed
            && around.plan.allows(FaultKind::CrashInRecovery)
            && starting.life > 0
            && around.random.one_in(4)
        {
            let calls = 1 + around.random.below(120);
            starting.disk.inject(crate::disk::Fault::CrashAtCall(calls));
            starting.disk_is_bad = true;
            around.coverage.fault(FaultKind::CrashInRecovery);
        }
        let result = starting.start(around);
        let (name, vector) = (starting.name, around.truth.promised(region).clone());
        around.tell(|| format!("{name} starts with {vector:?}: {result:?}"));
        self.ends_on(region, result);
    }

    /// Damage beyond repair, and it says so. An operator takes the directory away.
    fn is_damaged(&mut self, region: RegionIndex) {
        self.around.coverage.path(PathKind::DamageRefused);
        self.end(region, false);
        self.regions[region].disk.erase();
        self.regions[region].disk_is_excused = true;
        self.regions[region].disk_may_be_damaged = false;
        self.restart_later(region);
    }
}

//! What a seed decides: how large a world is, what goes wrong in it, and how its regions are set.

use crate::Random;
use crate::coverage::FaultKind;
use crate::mutant::Mutant;
use crate::network::Weather;

/// How the regions of a world are set.
#[derive(Clone, Copy, Debug)]
pub struct Tuning {
    pub(crate) heartbeat_ms: u64,
    pub(crate) silence_ms_max: u64,
    pub(crate) dial_timeout_ms: u64,
    pub(crate) backoff_ms_min: u64,
    pub(crate) backoff_ms_max: u64,
    pub(crate) identity_check_ms: u64,
    pub(crate) clock_skew_ms_max: u64,
    pub(crate) batch_bytes: usize,
    pub(crate) window_bytes_max: usize,
    pub(crate) held_back_bytes_max: usize,
    pub(crate) segment_bytes: u64,
    pub(crate) journal_bytes_max: u64,
    pub(crate) seal_bytes: usize,
    pub(crate) replay_bytes: usize,
    pub(crate) sealed_layers_max: usize,
    pub(crate) sync_us: u64,
    pub(crate) materialize_us: u64,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What everything follows from.
    pub seed: u64,
    /// How many regions there are, 1 to 9.
    pub regions: usize,
    /// How long things go wrong, in simulated ms; after that everything heals.
    pub run_ms: u64,
    /// How long after healing all regions must be equal, in simulated ms.
    pub settle_ms_max: u64,
    /// What may go wrong.
    pub faults: Vec<FaultKind>,
    /// How long it is from one fault to the next on average, in simulated ms.
    pub fault_every_ms: u64,
    /// Whether the history of the world is written down; it changes nothing in it.
    pub tells: bool,
    /// A bug that is planted.
    pub mutant: Option<Mutant>,
    pub(crate) weather: Weather,
    /// How coarse the regions' wall clocks are, in ms.
    pub(crate) clock_tick_ms: u64,
    pub(crate) clients_per_region: usize,
    pub(crate) think_ms: u64,
    pub(crate) keys: u64,
    pub(crate) moves_one_in: u64,
    pub(crate) tuning: Tuning,
}

/// What can be switched on, beside the weather.
const SWITCHES: &[FaultKind] = &[
    FaultKind::ProcessKilled,
    FaultKind::PowerCut,
    FaultKind::CrashAtCall,
    FaultKind::CrashInRecovery,
    FaultKind::ProcessPaused,
    FaultKind::GracefulRestart,
    FaultKind::SyncFailed,
    FaultKind::DiskLied,
    FaultKind::DiskFull,
    FaultKind::DiskSlow,
    FaultKind::ImageRestored,
    FaultKind::DirectoryLost,
    FaultKind::LinkCut,
    FaultKind::LinkCutOneWay,
    FaultKind::LinkFlapped,
    FaultKind::RegionCutOff,
    FaultKind::LinkSlow,
    FaultKind::ConnectionReset,
    FaultKind::ClockSkewed,
    FaultKind::ClockJumpedAhead,
    FaultKind::ClockJumpedBack,
    FaultKind::ClockDrifted,
    FaultKind::LinkPaused,
    FaultKind::AnswerLost,
];

/// How many heartbeats about the regions of a swarm's world say to each other: what many small
/// worlds find, one large one does not.
const HEARTBEATS_MAX: u64 = 6_000;

/// How many requests about its clients make.
const REQUESTS_MAX: u64 = 1_500;

/// How many things about go wrong in it.
const FAULTS_MAX: u64 = 40;

impl Plan {
    /// Three regions as they are set by default, with everything that can go wrong, for so many
    /// simulated minutes.
    pub fn single(seed: u64, minutes: u64) -> Self {
        Self {
            seed,
            regions: 3,
            run_ms: minutes * 60_000,
            settle_ms_max: 300_000,
            faults: SWITCHES.to_vec(),
            fault_every_ms: 20_000,
            tells: false,
            mutant: None,
            clock_tick_ms: 1,
            weather: Weather {
                duplicate_one_in: 2_000,
                reorder_one_in: 2_000,
                truncate_one_in: 4_000,
                flip_one_in: 4_000,
                unknown_one_in: 8_000,
                replay_one_in: 2_000,
                jitter_us_max: 2_000,
            },
            clients_per_region: 2,
            think_ms: 2_000,
            keys: 6,
            moves_one_in: 20,
            tuning: Tuning {
                heartbeat_ms: 1_000,
                silence_ms_max: 5_000,
                dial_timeout_ms: 2_000,
                backoff_ms_min: 50,
                backoff_ms_max: 5_000,
                identity_check_ms: 2_000,
                clock_skew_ms_max: 1_000,
                batch_bytes: 4_096,
                window_bytes_max: 32_768,
                held_back_bytes_max: 65_536,
                segment_bytes: 16_384,
                journal_bytes_max: 64 << 20,
                seal_bytes: 16_384,
                replay_bytes: 65_536,
                sealed_layers_max: 2,
                sync_us: 200,
                materialize_us: 20_000,
            },
        }
    }

    /// A small world of random size, settings and faults.
    pub fn swarm(seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0x5eed_0f7a);
        let mut plan = Self::single(seed, 1);
        let pick = |random: &mut Random, of: &[u64]| {
            of[usize::try_from(random.below(of.len() as u64)).unwrap_or(0)]
        };
        plan.regions =
            usize::try_from(pick(&mut random, &[1, 2, 2, 3, 3, 3, 3, 3, 3, 4, 4, 5, 5, 9]))
                .unwrap_or(3);
        let regions = plan.regions as u64;
        let run_ms_max = if plan.regions > 5 { 120_000 } else { 600_000 };
        plan.run_ms = pick(&mut random, &[20_000, 60_000, 120_000, 600_000]).min(run_ms_max);
        plan.fault_every_ms =
            pick(&mut random, &[1_000, 3_000, 10_000, 30_000]).max(plan.run_ms / FAULTS_MAX);
        plan.keys = pick(&mut random, &[1, 2, 4, 16]);
        let clients_per_region = pick(&mut random, &[1, 2, 3]);
        plan.clients_per_region = usize::try_from(clients_per_region).unwrap_or(1);
        let think_ms_min = plan.run_ms * regions * clients_per_region / REQUESTS_MAX;
        plan.think_ms = pick(&mut random, &[20, 100, 500, 2_000]).max(think_ms_min);
        plan.moves_one_in = pick(&mut random, &[3, 10, 100]);
        plan.faults.retain(|_| random.one_in(3));
        plan.clock_tick_ms = pick(&mut random, &[1, 1, 15, 1_000]);
        let mut strikes = |often: u64| {
            if random.one_in(2) { 0 } else { often * (1 + random.below(20)) }
        };
        plan.weather = Weather {
            duplicate_one_in: strikes(20),
            reorder_one_in: strikes(20),
            truncate_one_in: strikes(50),
            flip_one_in: strikes(50),
            unknown_one_in: strikes(100),
            replay_one_in: strikes(20),
            jitter_us_max: 2_000,
        };
        let tuning = &mut plan.tuning;
        let heartbeats = plan.run_ms * (regions * regions.saturating_sub(1));
        tuning.heartbeat_ms =
            pick(&mut random, &[100, 500, 1_000]).max(heartbeats / HEARTBEATS_MAX);
        tuning.silence_ms_max = tuning.heartbeat_ms * pick(&mut random, &[5, 10]);
        tuning.batch_bytes =
            usize::try_from(pick(&mut random, &[256, 1_024, 16_384])).unwrap_or(1_024);
        tuning.window_bytes_max = tuning.batch_bytes * 4;
        tuning.held_back_bytes_max =
            usize::try_from(pick(&mut random, &[4_096, 16_384, 65_536])).unwrap_or(8_192);
        tuning.segment_bytes = pick(&mut random, &[4_096, 16_384, 65_536]);
        tuning.seal_bytes =
            usize::try_from(pick(&mut random, &[1_024, 8_192, 65_536])).unwrap_or(8_192);
        tuning.replay_bytes = tuning.seal_bytes * 4;
        tuning.sync_us = pick(&mut random, &[100, 200, 2_000, 20_000]);
        tuning.materialize_us = pick(&mut random, &[1_000, 20_000, 200_000]);
        plan
    }

    /// Whether a region may need what every peer has acknowledged once.
    pub(crate) fn keeps_the_log(&self) -> bool {
        const FORGETFUL: [FaultKind; 3] =
            [FaultKind::DiskLied, FaultKind::ImageRestored, FaultKind::DirectoryLost];
        FORGETFUL.iter().any(|fault| self.allows(*fault))
    }

    /// The same world without one of the things that can go wrong in it.
    #[must_use]
    pub fn without(mut self, fault: FaultKind) -> Self {
        self.faults.retain(|other| *other != fault);
        if let Some(one_in) = self.weather.one_in(fault) {
            *one_in = 0;
        }
        self
    }

    /// Whether `fault` can strike in this world.
    pub fn has(&self, fault: FaultKind) -> bool {
        let mut weather = self.weather;
        let is_weather = weather.one_in(fault).is_some_and(|one_in| *one_in > 0);
        is_weather || self.allows(fault)
    }

    pub(crate) fn allows(&self, fault: FaultKind) -> bool {
        self.faults.contains(&fault)
    }
}

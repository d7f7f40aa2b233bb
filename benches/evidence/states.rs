//! Numbers of callers by state.

use legacy_http_compat::census::Counts;

/// The states, those that stand least in the way of a cutover first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    NeverDependent,
    Migrated,
    Inactive,
    Inconclusive,
    Latent,
    Dependent,
}

/// The numbers that are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct States {
    known: u64,
    never_dependent: u64,
    dependent: u64,
    stranded: u64,
    regressed: u64,
    latent: u64,
    inconclusive: u64,
    migrated: u64,
    inactive: u64,
}

impl States {
    pub(crate) fn add(&mut self, (state, stranded, regressed): (State, bool, bool)) {
        self.known += 1;
        match state {
            State::NeverDependent => self.never_dependent += 1,
            State::Migrated => self.migrated += 1,
            State::Inactive => self.inactive += 1,
            State::Inconclusive => self.inconclusive += 1,
            State::Latent => self.latent += 1,
            State::Dependent => {
                self.dependent += 1;
                self.stranded += u64::from(stranded);
                self.regressed += u64::from(regressed);
            }
        }
    }

    /// The states in which both differ, and by how much.
    pub(crate) fn differences(self, other: Self) -> impl Iterator<Item = (&'static str, u64)> {
        let pairs = self.named().into_iter().zip(other.named());
        let differences = pairs.map(|((state, one), (_, other))| (state, one.abs_diff(other)));
        differences.filter(|(_, difference)| *difference > 0)
    }

    /// Whether what was counted differs towards more dependence alone: a census of several clocks is to err that way in doubt.
    pub(crate) fn direction_of(self, counted: Self) -> &'static str {
        if self.are_exceeded_by(counted) {
            "as more dependent"
        } else {
            "otherwise"
        }
    }

    fn are_exceeded_by(self, counted: Self) -> bool {
        let least = |of: Self| {
            let states = [
                of.never_dependent,
                of.migrated,
                of.inactive,
                of.inconclusive,
                of.latent,
                of.dependent,
            ];
            states.into_iter().scan(0, |sum, state| {
                *sum += state;
                Some(*sum)
            })
        };
        self.known == counted.known
            && self.stranded <= counted.stranded
            && self.regressed <= counted.regressed
            && least(self)
                .zip(least(counted))
                .all(|(truth, counted)| counted <= truth)
    }

    const fn named(self) -> [(&'static str, u64); 9] {
        [
            ("known", self.known),
            ("never_dependent", self.never_dependent),
            ("dependent", self.dependent),
            ("stranded", self.stranded),
            ("regressed", self.regressed),
            ("latent", self.latent),
            ("inconclusive", self.inconclusive),
            ("migrated", self.migrated),
            ("inactive", self.inactive),
        ]
    }
}

impl From<Counts> for States {
    fn from(counts: Counts) -> Self {
        Self {
            known: counts.known,
            never_dependent: counts.never_dependent,
            dependent: counts.dependent,
            stranded: counts.stranded,
            regressed: counts.regressed,
            latent: counts.latent,
            inconclusive: counts.inconclusive,
            migrated: counts.migrated,
            inactive: counts.inactive,
        }
    }
}

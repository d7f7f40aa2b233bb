//! A client that is installed somewhere: what it sends, and what becomes of it.

use crate::{
    random::Random,
    rhythm::Rhythm,
    times::{DAY, HOUR},
};

/// The client kinds of the detector.
pub(crate) const KINDS: [&str; 3] = ["UI_RUST", "AGENT", "MCP"];

/// What the handler responds to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// An outcome with a legacy shape.
    Pending,
    /// An outcome without one, on the same endpoint.
    Approved,
    /// An endpoint without legacy shapes.
    Started,
    /// A response of which no outcome can be said: legacy callers may depend.
    Undecidable,
    /// A failure of the handler, of status 500.
    Failed,
}

/// How an installation identifies itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    Stable(u64),
    None,
    /// A new identifier with each burst.
    Rotating(u64),
}

/// A version that a client can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// It says neither its kind nor its version, as `reqwest/…` does not.
    Unnamed,
    Old,
    New,
}

/// What happens to an installation. Each makes the client start, and a client that starts calls at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Upgrade,
    RollBack,
    /// The same version under a new identifier.
    Reinstall,
    /// Gone for good, without a last call.
    Leave,
    /// Gone from the count: the operator waives it.
    Waive,
}

#[derive(Clone, Debug)]
pub(crate) struct Installation {
    pub(crate) kind: &'static str,
    pub(crate) version: Version,
    /// The version before an upgrade, to which it can be rolled back.
    pub(crate) first_version: Version,
    pub(crate) identity: Identity,
    pub(crate) rhythm: Rhythm,
    /// Of a hundred replies those with a legacy shape.
    pub(crate) pending_percent: u64,
    pub(crate) alive: bool,
    /// The scheduled call; a call that was scheduled before a change is void.
    pub(crate) next_call: u64,
    pub(crate) next_reply: Reply,
    pub(crate) last_call: Option<u64>,
    /// How often it became another: by its version or its identity.
    pub(crate) incarnation: u32,
    /// How many dependent responses it got that the layer observed.
    pub(crate) met_legacy: u32,
    /// Whether the operator lets it stay.
    pub(crate) wants_waiver: bool,
    pub(crate) traits: Traits,
}

/// What makes an installation hard to count: the causes that a false zero is listed by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traits {
    pub(crate) shares_identity: bool,
    pub(crate) was_rolled_back: bool,
    pub(crate) was_reinstalled: bool,
}

impl Installation {
    /// A legacy client without an identity, which calls each hour and depends each time.
    pub(crate) fn legacy() -> Self {
        Self {
            kind: KINDS[0],
            version: Version::Old,
            first_version: Version::Old,
            identity: Identity::None,
            rhythm: Rhythm::hourly(),
            pending_percent: 100,
            alive: true,
            next_call: HOUR,
            next_reply: Reply::Pending,
            last_call: None,
            incarnation: 0,
            met_legacy: 0,
            wants_waiver: false,
            traits: Traits::default(),
        }
    }

    /// Whether the detector takes it for a legacy caller.
    pub(crate) fn is_legacy(&self) -> bool {
        self.version != Version::New
    }

    /// Whether the detector places it by a rule, and not by its default for unknown callers.
    pub(crate) fn is_placed(&self) -> bool {
        self.version != Version::Unnamed
    }

    /// The kind that it says.
    pub(crate) fn shown_kind(&self) -> &'static str {
        match self.version {
            Version::Unnamed => "other",
            Version::Old | Version::New => self.kind,
        }
    }

    /// The identifier that it sends now.
    pub(crate) fn identifier(&self) -> Option<u64> {
        match self.identity {
            Identity::Stable(id) | Identity::Rotating(id) => Some(id),
            Identity::None => None,
        }
    }

    /// About how many identities it can have in a rollout.
    pub(crate) fn identities(&self) -> u64 {
        match self.identity {
            Identity::None => 0,
            Identity::Stable(_) => 4,
            Identity::Rotating(_) => 4 + 120 * DAY / self.rhythm.period(),
        }
    }

    pub(crate) fn draw_reply(&mut self, random: &mut Random) {
        self.next_reply = if random.percent(self.pending_percent) {
            Reply::Pending
        } else {
            random.pick(&[Reply::Approved, Reply::Approved, Reply::Started])
        };
    }

    pub(crate) fn apply(&mut self, change: Change, fresh_identifier: u64) {
        self.incarnation += u32::from(change != Change::Waive);
        match change {
            Change::Upgrade => self.version = Version::New,
            Change::RollBack => {
                self.alive = true;
                self.version = self.first_version;
                self.traits.was_rolled_back = true;
            }
            Change::Reinstall => {
                if self.identifier().is_some() {
                    self.identity = Identity::Stable(fresh_identifier);
                }
                self.traits = Traits {
                    was_reinstalled: true,
                    ..self.traits
                };
                self.traits.shares_identity = false;
                self.met_legacy = 0;
            }
            Change::Leave => self.alive = false,
            Change::Waive => {}
        }
    }
}

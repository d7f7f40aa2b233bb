//! The shared state of all steps: the clients, the operator, the rollout's clock, and the output.

use std::{sync::Arc, time::Duration};

use legacy_http_compat::time::Timestamp;
use serde_json::Value;
use tokio::time::sleep;

use super::reading::{count, hours, moment, text, verdict};
use crate::{
    args::Break,
    clock::FastClock,
    field::{Installation, Population},
    log::Log,
    plan::Ledger,
    show::{Timeline, bar, failing, verdicts},
    support::{http_client::HttpClient, operator::Operator, response::Answer},
};

/// How often the clients use the Core, in rollout hours.
const ROUND: u64 = 3;

/// How often the timeline shows the counts, in rollout hours.
const LINE: u64 = 6;

/// How long the clock runs at a time, in real time.
const BEAT: Duration = Duration::from_millis(100);

/// The shared state of all steps.
pub(crate) struct Scene {
    pub(crate) core: HttpClient,
    pub(crate) operator: Operator,
    clock: Arc<FastClock>,
    pub(crate) population: Population,
    pub(crate) ledger: Ledger,
    pub(crate) timeline: Timeline,
    pub(crate) log: Log,
    /// The client that everyone missed.
    pub(crate) forgotten: Installation,
    broken: Option<Break>,
    start: Timestamp,
    /// Whether the clients use the Core already.
    pub(crate) is_open: bool,
    /// When the clients use it next, and when the next line is due, since the start.
    next_round: Duration,
    next_line: Duration,
    /// The peak of dependent callers of one kind: the length of a full bar.
    most: u64,
}

/// The rehearsal cannot continue.
#[derive(Debug)]
pub(crate) struct Stop(pub(crate) String);

impl Scene {
    pub(crate) async fn new(
        (core, operator): (HttpClient, Operator),
        clock: Arc<FastClock>,
        timeline: Timeline,
        log: Log,
        broken: Option<Break>,
    ) -> Self {
        let start = moment(&operator.status().await["opened"]["at"]);
        Self {
            core,
            operator,
            clock,
            population: Population::new(),
            ledger: Ledger::default(),
            timeline,
            log,
            forgotten: Installation::new("AGENT", "in-the-basement", false),
            broken,
            start,
            is_open: false,
            next_round: Duration::ZERO,
            next_line: Duration::ZERO,
            most: 1,
        }
    }

    /// Whether to deviate from the plan in this point.
    pub(crate) fn breaks(&self, what: Break) -> bool {
        self.broken == Some(what)
    }

    pub(crate) fn start_unix_ms(&self) -> u64 {
        self.start.unix_ms()
    }

    /// Records an observed result, and prints it.
    pub(crate) fn see(&mut self, what: &'static str, seen: impl Into<String>) {
        let seen = seen.into();
        let ok = self.ledger.see(what, seen.clone());
        self.timeline.seen(what, &seen, ok);
    }

    pub(crate) fn say(&self, text: &str) {
        self.timeline.say(text);
    }

    /// Reads the rollout's status, and dates the next lines by it.
    pub(crate) async fn look(&mut self) -> Value {
        let status = self.operator.status().await;
        let since = self.since(&status);
        self.timeline
            .at(since, text(&status["phase"]), text(&status["flag"]));
        status
    }

    /// Lets rollout time pass.
    pub(crate) async fn pass(&mut self, time: Duration) {
        let status = self.look().await;
        let end = self.since(&status) + time;
        while self.live().await < end {}
    }

    /// Waits until exactly these gates of a transition fail, and returns the reports of all.
    pub(crate) async fn until_failing(
        &mut self,
        step: &str,
        expected: &[&str],
        limit: Duration,
    ) -> Result<Value, Stop> {
        let status = self.look().await;
        let end = self.since(&status) + limit;
        loop {
            let mut run = self.operator.dry_run(step).await;
            let gates = run["gates"].take();
            if failing(&gates) == expected {
                return Ok(gates);
            }
            if self.live().await > end {
                self.show_gates(&gates);
                let waited = limit.as_secs() / 3_600;
                let verdict = verdict(&gates);
                return Err(Stop(format!(
                    "{step}, after {waited} rollout hours: {verdict}"
                )));
            }
        }
    }

    /// Lets a little time pass, with its traffic. Returns the rollout time since the start.
    pub(crate) async fn live(&mut self) -> Duration {
        let status = self.look().await;
        let since = self.since(&status);
        if since >= self.next_round && self.is_open {
            self.next_round = since + hours(ROUND);
            self.population.visit(&self.core).await;
        }
        if since >= self.next_line {
            self.next_line = since + hours(LINE);
            self.progress(&status);
        }
        self.clock.run();
        sleep(BEAT).await;
        self.clock.hold().await;
        since
    }

    pub(crate) fn show_gates(&self, gates: &Value) {
        for line in verdicts(gates) {
            self.timeline.text(&format!("  {line}"));
        }
    }

    /// Attempts a transition, and prints the gates if it is refused.
    pub(crate) async fn step(&mut self, to: &str, reason: &str) -> Answer {
        let response = self.operator.step(to, reason).await;
        self.look().await;
        if response.status == 200 {
            self.say(&format!("the operator moves to {to}: \"{reason}\""));
        } else {
            self.say(&format!(
                "the operator attempts {to}: refused with {}",
                response.status
            ));
            self.show_gates(&response.json["gates"]);
        }
        response
    }

    /// Prints the dependent callers of each kind as bars.
    fn progress(&mut self, status: &Value) {
        let totals = &status["totals"];
        let numbers = ["UI_RUST", "AGENT", "MCP"].map(|kind| {
            (
                kind,
                count(totals, kind, "dependent"),
                count(totals, kind, "stranded"),
            )
        });
        self.most = numbers
            .iter()
            .fold(self.most, |most, (_, number, _)| most.max(*number));
        let bars = numbers
            .map(|(kind, number, _)| format!("{kind} {} {number}", bar(number, self.most, 4)));
        let stranded: u64 = numbers.iter().map(|(_, _, stranded)| stranded).sum();
        let mut line = bars.join("  ");
        if stranded > 0 {
            line = format!("{line}  stranded {stranded}");
        }
        self.timeline.figures(&line);
    }

    fn since(&self, status: &Value) -> Duration {
        moment(&status["at"]).since(self.start)
    }
}

//! The contract that a caller understands.

use http::HeaderMap;

use super::detector_settings::DetectorSettings;
use super::header_scan::{FoundHeaders, Slot, WantedHeaders};
use super::kind_rules::{KindMatch, KindRules, known_kind};
use super::opt_in::OptInRule;
use crate::caller::caller::{Caller, Generation};
use crate::caller::kind::{Kind, Kinds};
use crate::caller::version::{ClientVersion, Precedence, Since};
use crate::diagnostics::{Diagnostics, FaultCode, escape_token};

/// Opt-in, else version, else the generation of unknown callers.
#[derive(Debug)]
pub(super) struct GenerationRules {
    opt_in: Option<OptInRule>,
    version: Option<Slot>,
    /// At the index of the kind.
    since: Box<[Option<Since>]>,
    unknown: Generation,
}

impl GenerationRules {
    pub(super) fn compile(
        settings: &DetectorSettings,
        kinds: &Kinds,
        wanted: &mut WantedHeaders,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let opt_in = settings.opt_in.as_ref();
        let version = settings.version_header.as_deref();
        Self {
            opt_in: opt_in.and_then(|opt_in| OptInRule::compile(opt_in, wanted, diagnostics)),
            version: version.and_then(|name| wanted.parse(name, "/version_header", diagnostics)),
            since: compile_since(&settings.target_since, kinds, diagnostics),
            unknown: settings.unknown_generation,
        }
    }

    /// The caller of this kind, and its version if it sent one.
    pub(super) fn find<'h>(
        &self,
        found: &FoundHeaders<'h>,
        headers: &HeaderMap,
        matched: KindMatch<'h>,
        kinds: &KindRules,
    ) -> (Caller, Option<ClientVersion>) {
        let version = self.version(found, matched, kinds);
        let generation = if self.opted_in(found, headers) {
            Some(Generation::Target)
        } else {
            version.and_then(|(_, version)| self.by_version(matched.kind, version))
        };
        let caller = match generation {
            Some(generation) => Caller::new(matched.kind, generation),
            None => Caller::new(matched.kind, self.unknown).unidentified(),
        };
        let version = version.and_then(|(text, read)| ClientVersion::of(read, text));
        (caller, version)
    }

    fn opted_in(&self, found: &FoundHeaders<'_>, headers: &HeaderMap) -> bool {
        let opt_in = self.opt_in.as_ref();
        opt_in.is_some_and(|opt_in| opt_in.holds(found, headers))
    }

    /// The first of header and product that is a version, as text and parsed.
    fn version<'h>(
        &self,
        found: &FoundHeaders<'h>,
        matched: KindMatch<'h>,
        kinds: &KindRules,
    ) -> Option<(&'h [u8], Precedence<'h>)> {
        let read = |text| Some((text, Precedence::read(text)?));
        let header = self.version.and_then(|slot| found.value(slot));
        header
            .and_then(read)
            .or_else(|| read(kinds.product_version(found, matched)?))
    }

    fn by_version(&self, kind: Kind, version: Precedence<'_>) -> Option<Generation> {
        let since = self.since.get(kind.index())?.as_ref()?;
        Some(if since.includes(version) {
            Generation::Target
        } else {
            Generation::Legacy
        })
    }
}

fn compile_since(
    settings: &[(String, String)],
    kinds: &Kinds,
    diagnostics: &mut Diagnostics,
) -> Box<[Option<Since>]> {
    let mut since = vec![None; kinds.names().len()];
    for (kind, text) in settings {
        let place = format!("/target_since/{}", escape_token(kind));
        let version = Since::parse(text);
        if version.is_none() {
            let expected = format!(
                "one to four numbers and at most {} characters, for example 2.0.0",
                ClientVersion::MAX
            );
            diagnostics.add_at(&place, FaultCode::InvalidVersion, text, expected);
        }
        if let Some(kind) = known_kind(kind, &place, kinds, diagnostics)
            && let Some(version) = version
            && since[kind.index()].replace(version).is_some()
        {
            let expected = "one version for each kind";
            diagnostics.add_at(&place, FaultCode::DuplicateVersion, text, expected);
        }
    }
    since.into()
}

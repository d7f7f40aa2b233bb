//! The detector that most applications need, and how it is set up.

mod builder;
mod cache;
mod document;
mod generation_rules;
mod header_scan;
mod identity_signals;
mod kind_rules;
mod settings;
mod signal_detector;

pub use builder::{DetectorError, SignalDetectorBuilder};
pub use settings::{IdentitySignal, KindSource, SignalPart};
pub use signal_detector::SignalDetector;

#[cfg(test)]
mod detecting_tests;
#[cfg(test)]
mod fault_tests;

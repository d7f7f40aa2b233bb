//! The detector that most applications need, and its configuration.

mod cache;
mod detector_settings;
mod generation_rules;
mod header_scan;
mod identity_signals;
mod kind_rules;
mod opt_in;
mod signal_detector;

pub use detector_settings::{IdentitySignal, KindSource, SignalPart};
pub use signal_detector::{DetectorError, SignalDetector, SignalDetectorBuilder};

#[cfg(test)]
mod detecting_tests;
#[cfg(test)]
mod fault_tests;

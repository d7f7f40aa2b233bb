//! The zero is true: no gate passes while a living client may still depend, and each cause that holds one up has a way out.

mod agreement;
mod brownouts;
mod evidence_versions;
mod identities;
mod latent_and_due;
mod overflow;
mod silence;
mod verdicts;

//! That documents hold: guide and alerts speak of what there is, and the sources keep to the floors.

mod alerts;
mod floors;
mod guide;

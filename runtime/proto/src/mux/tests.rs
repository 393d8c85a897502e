//! Two connections joined, and what they promise.

mod flow;
mod hostile;
mod life;
mod model;
mod pair;
mod turns;

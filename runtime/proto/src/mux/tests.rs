//! Two connections joined, and what they promise.

mod flow;
mod life;
mod model;
mod pair;
mod turns;

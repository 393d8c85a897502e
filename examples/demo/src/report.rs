//! What the demo prints: facts, times, and whether promises were kept.

use std::{
    fmt::Display,
    future::IntoFuture,
    time::{Duration, Instant},
};

use crate::Result;

/// Prints as it goes.
pub(crate) struct Report {
    /// Every chapter has a number, so that people can talk about what they saw.
    chapters: u32,
}

impl Report {
    pub(crate) fn new() -> Self {
        Self { chapters: 0 }
    }

    /// Starts a new part of the story.
    pub(crate) fn chapter(&mut self, title: &str) {
        self.chapters += 1;
        println!("\n{}. {title}", self.chapters);
    }

    /// Something to know.
    pub(crate) fn fact(&mut self, name: &str, value: impl Display) {
        println!("   {name:<34} {value}");
    }

    /// A promise. The demo ends if it was not kept.
    pub(crate) fn check(&mut self, kept: bool, promise: &str) -> Result<()> {
        if !kept {
            return Err(format!("not kept: {promise}").into());
        }
        println!("   ok: {promise}");
        Ok(())
    }

    /// Does something, and prints how long it took.
    pub(crate) async fn timed<F: IntoFuture>(&mut self, name: &str, what: F) -> F::Output {
        let start = Instant::now();
        let output = what.await;
        self.fact(name, milliseconds(start.elapsed()));
        output
    }

    /// Moves `bytes`, and prints how long it took and how fast that was.
    pub(crate) async fn transfer<F: IntoFuture>(
        &mut self,
        name: &str,
        bytes: u64,
        what: F,
    ) -> F::Output {
        let start = Instant::now();
        let output = what.await;
        let took = start.elapsed();
        // Rounded for people: exact beyond any file that the demo takes.
        let rate = bytes as f64 / took.as_secs_f64() / 1e6;
        self.fact(
            name,
            format!("{}, {bytes} bytes, {rate:.0} MB/s", milliseconds(took)),
        );
        output
    }
}

fn milliseconds(took: Duration) -> String {
    format!("{:.2} ms", took.as_secs_f64() * 1e3)
}

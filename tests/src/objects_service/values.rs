//! [`TestStore`]: an interface with a type parameter.

use std::sync::{Mutex, MutexGuard, PoisonError};

use dsoftbus::{Context, Pointer, Result, Status};

use super::Watch;
use crate::{Box, Store, StoreClient, gauge::Guard};

/// A [`Store`](trait@Store) that is watched.
#[derive(Debug)]
pub struct TestStore<T> {
    values: Mutex<Vec<T>>,
    _alive: Guard,
}

impl<T: Pointer> TestStore<T> {
    /// A client of a new object.
    #[must_use]
    pub fn client(watch: &Watch) -> StoreClient<T> {
        StoreClient::local(Self {
            values: Mutex::new(Vec::new()),
            _alive: watch.alive.enter(),
        })
    }

    fn values(&self) -> MutexGuard<'_, Vec<T>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Pointer> Store<T> for TestStore<T> {
    async fn put(&self, _cx: &Context, value: T) -> Result<()> {
        self.values().push(value);
        Ok(())
    }

    async fn get(&self, _cx: &Context) -> Result<T> {
        let last = self.values().last().cloned();
        last.ok_or_else(|| Status::not_found("the store is empty"))
    }

    async fn all(&self, _cx: &Context) -> Result<Vec<Box<T>>> {
        let values = self.values();
        Ok(values
            .iter()
            .map(|value| Box {
                value: value.clone(),
            })
            .collect())
    }
}

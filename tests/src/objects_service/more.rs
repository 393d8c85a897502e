//! [`TestOrder`], [`TestMore`] and [`TestHandle`]: what is done with capabilities that are passed to others.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use dsoftbus::{Context, Result};

use super::Watch;
use crate::{
    BasicsClient, Handle, HandleClient, More, MoreClient, Order, OrderClient, gauge::Guard,
};

/// An [`Order`](trait@Order) that is watched.
#[derive(Debug)]
pub struct TestOrder {
    next: AtomicU32,
    _alive: Guard,
}

impl TestOrder {
    fn new(watch: &Watch) -> Self {
        Self {
            next: AtomicU32::new(0),
            _alive: watch.alive.enter(),
        }
    }

    /// A client of a new object.
    #[must_use]
    pub fn client(watch: &Watch) -> OrderClient {
        OrderClient::local(Self::new(watch))
    }
}

impl Order for TestOrder {
    async fn get_call_sequence(&self, _cx: &Context, _expected: u32) -> Result<u32> {
        Ok(self.next.fetch_add(1, Ordering::Relaxed))
    }
}

/// A handle that is counted.
#[derive(Debug)]
pub struct TestHandle {
    _alive: Guard,
    _counted: Guard,
}

impl TestHandle {
    /// A client of a new object.
    #[must_use]
    pub fn client(watch: &Watch) -> HandleClient {
        HandleClient::local(Self {
            _alive: watch.alive.enter(),
            _counted: watch.handles.enter(),
        })
    }
}

impl Handle for TestHandle {}

/// A [`More`](trait@More) that is watched.
#[derive(Debug)]
pub struct TestMore {
    watch: Watch,
    order: TestOrder,
    held: Mutex<BasicsClient>,
    made: Mutex<Vec<HandleClient>>,
}

impl TestMore {
    /// A client of a new object.
    #[must_use]
    pub fn client(watch: &Watch) -> MoreClient {
        MoreClient::local(Self {
            watch: watch.clone(),
            order: TestOrder::new(watch),
            held: Mutex::default(),
            made: Mutex::default(),
        })
    }

    fn held(&self) -> BasicsClient {
        lock(&self.held).clone()
    }
}

impl Order for TestMore {
    async fn get_call_sequence(&self, cx: &Context, expected: u32) -> Result<u32> {
        self.order.get_call_sequence(cx, expected).await
    }
}

impl More for TestMore {
    async fn call_foo(&self, cx: &Context, cap: BasicsClient) -> Result<String> {
        cap.foo(123, true).within(cx).await
    }

    async fn call_foo_when_resolved(&self, cx: &Context, cap: BasicsClient) -> Result<String> {
        // Calls wait for what is promised.
        cap.foo(123, true).within(cx).await
    }

    async fn never_return(&self, _cx: &Context, cap: BasicsClient) -> Result<BasicsClient> {
        let _running = self.watch.running.enter();
        std::future::pending::<()>().await;
        Ok(cap)
    }

    async fn hold(&self, _cx: &Context, cap: BasicsClient) -> Result<()> {
        let before = std::mem::replace(&mut *lock(&self.held), cap);
        drop(before);
        Ok(())
    }

    async fn call_held(&self, cx: &Context) -> Result<String> {
        self.held().foo(123, true).within(cx).await
    }

    async fn get_held(&self, _cx: &Context) -> Result<BasicsClient> {
        Ok(self.held())
    }

    async fn echo(&self, _cx: &Context, cap: OrderClient) -> Result<OrderClient> {
        Ok(cap)
    }

    async fn get_handle(&self, _cx: &Context) -> Result<HandleClient> {
        Ok(TestHandle::client(&self.watch))
    }

    async fn handle_count(&self, _cx: &Context) -> Result<i64> {
        Ok(self.watch.handles.get() as i64)
    }

    async fn get_null(&self, _cx: &Context) -> Result<MoreClient> {
        Ok(MoreClient::default())
    }

    async fn dont_hold(&self, _cx: &Context, _cap: BasicsClient) -> Result<()> {
        Ok(())
    }

    async fn call_each(&self, cx: &Context, caps: Vec<BasicsClient>) -> Result<()> {
        for cap in &caps {
            cap.foo(123, true).within(cx).await?;
        }
        Ok(())
    }

    async fn create_handle(&self, _cx: &Context) -> Result<HandleClient> {
        let handle = TestHandle::client(&self.watch);
        lock(&self.made).push(handle.clone());
        Ok(handle)
    }

    async fn is_ours(&self, _cx: &Context, handle: HandleClient) -> Result<bool> {
        Ok(lock(&self.made).contains(&handle))
    }

    async fn panic(&self, _cx: &Context) -> Result<()> {
        tokio::task::yield_now().await;
        panic!("as asked");
    }

    async fn nap(&self, _cx: &Context, millis: u32) -> Result<()> {
        let _running = self.watch.running.enter();
        tokio::time::sleep(Duration::from_millis(u64::from(millis))).await;
        Ok(())
    }

    async fn time_left(&self, cx: &Context, via: MoreClient) -> Result<u64> {
        if via != MoreClient::default() {
            return via.time_left(&MoreClient::default()).within(cx).await;
        }
        let left = cx.remaining().unwrap_or(Duration::MAX).as_millis();
        Ok(u64::try_from(left).unwrap_or(u64::MAX))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

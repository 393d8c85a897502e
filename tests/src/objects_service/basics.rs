//! [`TestBasics`] and [`TestDerived`]: something to call.

use dsoftbus::{Context, Result, Status};

use super::Watch;
use crate::{Basics, BasicsClient, Derived, DerivedClient, Everything, basics, gauge::Guard};

/// A [`Basics`](trait@Basics) that is watched.
#[derive(Debug)]
pub struct TestBasics {
    watch: Watch,
    _alive: Guard,
}

impl TestBasics {
    /// A new object.
    #[must_use]
    pub fn new(watch: &Watch) -> Self {
        Self {
            watch: watch.clone(),
            _alive: watch.alive.enter(),
        }
    }

    /// A client of a new object.
    #[must_use]
    pub fn client(watch: &Watch) -> BasicsClient {
        BasicsClient::local(Self::new(watch))
    }
}

impl Basics for TestBasics {
    async fn foo(&self, _cx: &Context, i: u32, j: bool) -> Result<String> {
        self.watch.foos.count();
        Ok(format!("foo({i}, {j})"))
    }

    async fn bar(&self, _cx: &Context) -> Result<()> {
        Err(Status::unimplemented("bar is for later"))
    }

    async fn baz(&self, cx: &Context, mut everything: Everything) -> Result<()> {
        let cap = std::mem::take(&mut everything.cap);
        if everything != self::everything(BasicsClient::default()) {
            return Err(basics::Error::Broken.into());
        }
        cap.foo(7, false).within(cx).await?;
        Ok(())
    }

    async fn fail(&self, _cx: &Context) -> Result<()> {
        Err(basics::Error::Broken.with_message("as asked"))
    }
}

/// A [`Derived`](trait@Derived) that is watched.
#[derive(Debug)]
pub struct TestDerived(TestBasics);

impl TestDerived {
    /// A client of a new object.
    #[must_use]
    pub fn client(watch: &Watch) -> DerivedClient {
        DerivedClient::local(Self(TestBasics::new(watch)))
    }
}

impl Basics for TestDerived {
    async fn foo(&self, cx: &Context, i: u32, j: bool) -> Result<String> {
        Ok(format!("derived {}", self.0.foo(cx, i, j).await?))
    }

    async fn bar(&self, cx: &Context) -> Result<()> {
        self.0.bar(cx).await
    }

    async fn baz(&self, cx: &Context, everything: Everything) -> Result<()> {
        self.0.baz(cx, everything).await
    }

    async fn fail(&self, cx: &Context) -> Result<()> {
        self.0.fail(cx).await
    }
}

impl Derived for TestDerived {
    async fn qux(&self, _cx: &Context) -> Result<u32> {
        Ok(77)
    }

    async fn give(&self, _cx: &Context) -> Result<Everything> {
        Ok(everything(TestBasics::client(&self.0.watch)))
    }
}

/// The value of the tests, with `cap` in it.
#[must_use]
pub fn everything(cap: BasicsClient) -> Everything {
    Everything {
        flag: true,
        number: -5,
        text: "ümlaut".to_owned(),
        bytes: vec![0, 1, 255],
        texts: vec!["one".to_owned(), String::new(), "three".to_owned()],
        inner: Some(Box::new(Everything {
            text: "inner".to_owned(),
            ..Everything::default()
        })),
        cap,
    }
}

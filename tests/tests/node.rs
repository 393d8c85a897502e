//! What a node keeps of its sessions and lets its peers have, and what it announces.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Wake, Waker},
};

use dsoftbus::{Node, SessionError, Trust, testing};
use dsoftbus_tests::{TestProbe, within};

/// A node that anyone may call.
fn open_node() -> dsoftbus::NodeBuilder {
    Node::builder()
        .allow(Trust::anyone())
        .serve(TestProbe::default())
}

/// A waker that does nothing but count its owners.
struct Owned;

impl Wake for Owned {
    fn wake(self: Arc<Self>) {}
}

#[tokio::test(start_paused = true)]
async fn a_session_forgets_who_stopped_waiting_for_its_end() {
    let pair = within(testing::pair(open_node())).await.unwrap();
    let owned = Arc::new(Owned);
    {
        let waker = Waker::from(Arc::clone(&owned));
        let mut closed = pin!(pair.seen.closed());
        assert!(
            closed
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
    }
    assert_eq!(Arc::strong_count(&owned), 1);
    pair.link.cut();
    assert_eq!(within(pair.seen.closed()).await, SessionError::Truncated);
}

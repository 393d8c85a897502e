//! [`InOrder`]: an object in this process with streaming methods, whose calls come one after the other as they do on a wire.

use std::{any::Any, future::poll_fn, sync::Arc, task::Poll};

use tokio::sync::Mutex;

use crate::{
    CallFuture, Context, Incoming, ServiceDescriptor, Skeleton, Status,
    handler::{self, Arrived},
};

/// The skeleton that calls of an object in this process go to: itself, or one that keeps the order of its streams.
pub(crate) fn in_order(skeleton: Arc<dyn Skeleton>) -> Arc<dyn Skeleton> {
    match streams(skeleton.descriptor()) {
        true => Arc::new(InOrder {
            skeleton,
            turn: Arc::default(),
        }),
        false => skeleton,
    }
}

/// Whether an interface, or one that it extends, has a streaming method.
fn streams(descriptor: &ServiceDescriptor) -> bool {
    descriptor.methods.iter().any(|method| method.streaming)
        || descriptor.extends.iter().any(|parent| streams(parent))
}

/// Calls start in the order in which they were made. One of a stream holds back all that follow, until it has ended: so items are
/// handled one at a time, and what ends a stream does not overtake its items. When one fails, all later calls fail alike.
struct InOrder {
    skeleton: Arc<dyn Skeleton>,
    /// Held by the call whose turn it is; how a call of a stream failed. Waiting calls get it in order.
    turn: Arc<Mutex<Option<Status>>>,
}

impl Skeleton for InOrder {
    fn descriptor(&self) -> &'static ServiceDescriptor {
        self.skeleton.descriptor()
    }

    fn held_by_peer(&self) -> Option<Box<dyn Any + Send>> {
        self.skeleton.held_by_peer()
    }

    fn call(&self, cx: Context, interface_id: u64, method_id: u16, params: Incoming) -> CallFuture {
        let skeleton = Arc::clone(&self.skeleton);
        let turn = Arc::clone(&self.turn);
        Box::pin(async move {
            let mut broken = turn.lock().await;
            if let Some(status) = &*broken {
                return Err(status.clone());
            }
            let method = skeleton.descriptor().method(interface_id, method_id);
            let call = Arrived {
                context: cx,
                interface_id,
                method_id,
                params,
            };
            let mut call = handler::call(skeleton.as_ref(), call);
            if method.is_some_and(|method| method.streaming) {
                let outcome = call.await;
                if let Err(status) = &outcome {
                    *broken = Some(status.clone());
                }
                return outcome;
            }
            // It has started; the next may follow.
            let started = poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx))).await;
            drop(broken);
            match started {
                Poll::Ready(outcome) => outcome,
                Poll::Pending => call.await,
            }
        })
    }
}

//! The thread on which all communication with the server happens.

use std::{
    future::Future,
    io,
    sync::mpsc,
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::{
    runtime::{self, Handle},
    sync::oneshot,
};

/// An async runtime on a thread of its own, so that synchronous calls work anywhere, within a runtime or without one.
///
/// Dropping it cancels all its tasks and ends the thread.
#[derive(Debug)]
pub(super) struct Runtime {
    handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Runtime {
    pub(super) fn start() -> io::Result<Self> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("legacy-http-compat-postgres".to_owned())
            .spawn(move || {
                // An error says that the sender is gone, which means the same.
                let _ = runtime.block_on(stopped);
                // A look-up of a host name may hang, and must not keep this thread.
                runtime.shutdown_background();
            })?;
        Ok(Self {
            handle,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.handle.spawn(task);
    }

    /// Runs a task and waits for its result. `None` when it takes longer than the patience: the task goes on.
    pub(super) fn run<T: Send + 'static>(
        &self,
        patience: Duration,
        task: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let (result, received) = mpsc::sync_channel(1);
        self.handle.spawn(async move {
            // An error says that nothing waits any more.
            let _ = result.send(task.await);
        });
        received.recv_timeout(patience).ok()
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        drop(self.stop.take());
        let Some(thread) = self.thread.take() else {
            return;
        };
        // A task that owns the runtime drops it on this very thread, which cannot join itself.
        if thread.thread().id() != thread::current().id() && thread.join().is_err() {
            tracing::error!("the thread of the PostgreSQL store panicked");
        }
    }
}

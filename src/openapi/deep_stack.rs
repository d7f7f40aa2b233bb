//! A stack for schemas that are nested deeply.

use std::thread;

/// Schemas that refer to each other in a chain are compared by recursion: a stack of the usual size holds some hundred.
const STACK: usize = 512 * 1024 * 1024;

/// Runs a function on a thread of its own with a large stack, of which only the part that is used takes memory.
pub(super) fn on_deep_stack<R: Send>(run: impl FnOnce() -> R + Send) -> R {
    thread::scope(|scope| {
        let builder = thread::Builder::new().name("openapi-proof".to_owned());
        let thread = builder.stack_size(STACK).spawn_scoped(scope, run);
        let result = thread.expect("a thread can be started").join();
        result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

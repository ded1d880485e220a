//! The runtime of a call, and the end that the user may ask for.

use capstan_engine::CallError;
use capstan_spec::diagnostic::Code;

/// Runs a call to its end, or to the user's interruption.
pub(super) fn block_on<T>(call: impl Future<Output = Result<T, CallError>>) -> Result<Result<T, CallError>, CallError> {
    runtime()?.block_on(async {
        let mut interrupts = Interrupts::listen();
        tokio::select! {
            result = call => Ok(result),
            () = interrupts.next() => Err(CallError::new(Code::Interrupted, "interrupted")),
        }
    })
}

/// The runtime of calls.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, CallError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
    runtime.map_err(|error| CallError::new(Code::Unreachable, format!("the network cannot be used: {error}")))
}

/// The times that the user or the system asks for the end. Where that cannot be heard, it never
/// comes.
pub(super) struct Interrupts {
    #[cfg(unix)]
    signals: Option<[tokio::signal::unix::Signal; 2]>,
}

impl Interrupts {
    /// Listens from now on. Needs a runtime.
    pub(super) fn listen() -> Self {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let signals = signal(SignalKind::interrupt()).and_then(|i| Ok([i, signal(SignalKind::terminate())?]));
            Interrupts { signals: signals.ok() }
        }
        #[cfg(not(unix))]
        Interrupts {}
    }

    /// Waits for the next time.
    pub(super) async fn next(&mut self) {
        #[cfg(unix)]
        if let Some([interrupt, terminate]) = &mut self.signals {
            tokio::select! {
                _ = interrupt.recv() => return,
                _ = terminate.recv() => return,
            }
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_ok() {
            return;
        }
        std::future::pending().await
    }
}

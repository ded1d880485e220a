//! The runtime of a call, and the end that the user may ask for.

use capstan_engine::CallError;
use capstan_spec::diagnostic::Code;

/// Runs a call to its end, or to the user's interruption.
pub(super) fn block_on<T>(call: impl Future<Output = Result<T, CallError>>) -> Result<Result<T, CallError>, CallError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
    let runtime =
        runtime.map_err(|error| CallError::new(Code::Unreachable, format!("the network cannot be used: {error}")))?;
    runtime.block_on(async {
        tokio::select! {
            result = call => Ok(result),
            () = interrupted() => Err(CallError::new(Code::Interrupted, "interrupted")),
        }
    })
}

/// Waits for the user or the system to ask for the end. Where that cannot be heard, it never comes.
async fn interrupted() {
    let heard = async {
        #[cfg(unix)]
        {
            let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
            tokio::select! {
                asked = tokio::signal::ctrl_c() => asked,
                _ = terminate.recv() => Ok(()),
            }
        }
        #[cfg(not(unix))]
        tokio::signal::ctrl_c().await
    };
    if heard.await.is_err() {
        std::future::pending().await
    }
}

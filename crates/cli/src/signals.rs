//! What ends a command that stays, or a query that runs elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::Failure;

/// Returns at Ctrl-C or SIGTERM.
///
/// # Errors
/// The system does not tell of signals.
pub async fn asked_to_stop() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        stopped = tokio::signal::ctrl_c() => stopped,
    }
}

/// Sets `cancelled` at Ctrl-C or SIGTERM, for a command that has others to stop; a second one ends it.
///
/// # Errors
/// The system gives no thread.
pub fn cancel_when_asked_to_stop(cancelled: Arc<AtomicBool>) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let listen = move || {
        runtime.block_on(async {
            if asked_to_stop().await.is_ok() {
                cancelled.store(true, Ordering::Relaxed);
                if asked_to_stop().await.is_ok() {
                    std::process::exit(Failure::STOPPED.into());
                }
            }
        });
    };
    std::thread::Builder::new().name("weir-signals".into()).spawn(listen).map(drop)
}

//! What ends a command that stays.

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

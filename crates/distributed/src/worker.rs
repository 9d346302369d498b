//! A worker: asks the scheduler for pieces of plans, runs them, and keeps their rows until they are fetched.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use arrow_flight::flight_service_server::FlightServiceServer;
use ballista_core::BALLISTA_PROTOCOL_VERSION;
use ballista_core::ids::new_instance_id;
use ballista_core::registry::BallistaFunctionRegistry;
use ballista_core::serde::protobuf::ExecutorRegistration;
use ballista_core::serde::protobuf::executor_grpc_server::ExecutorGrpcServer;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use ballista_core::serde::scheduler::{ExecutorOperatingSystemSpecification, ExecutorSpecification};
use ballista_core::utils::{
    GrpcClientConfig, GrpcServerConfig, create_grpc_client_endpoint, create_grpc_server,
    create_grpc_server_incoming,
};
use ballista_executor::execution_loop;
use ballista_executor::executor::Executor;
use ballista_executor::flight_service::BallistaFlightService;
use ballista_executor::health::ExecutorHealth;
use ballista_executor::metrics::LoggingMetricsCollector;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::SessionConfig;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::MESSAGE_BYTES_MAX;
use crate::cluster::settings;
use crate::codec::Codec;
use crate::control::Control;
use crate::piece::Pieces;
use crate::scheduler::runtime;

/// Where a worker is, and what it may use.
#[derive(Clone, Debug)]
pub struct WorkerOptions {
    /// The address to listen on.
    pub host: IpAddr,
    /// The port to listen on; 0: the system chooses.
    pub port: u16,
    /// Pieces of plans at a time.
    pub cores: usize,
    /// Memory for sorting and grouping, divided among the pieces; what needs more is written to temporary files.
    pub memory_bytes: usize,
}

/// A worker; it ends when this is dropped, and the rows it keeps go with it.
pub struct Worker {
    address: SocketAddr,
    runtime: Option<Runtime>,
    folder: TempDir,
    executor: Arc<Executor>,
}

impl Worker {
    /// A worker of the scheduler at `scheduler`, HOST:PORT.
    ///
    /// # Errors
    /// The address cannot be had, or there is no scheduler.
    pub fn start(scheduler: &str, options: &WorkerOptions) -> io::Result<Worker> {
        let runtime = runtime("weir-worker")?;
        let folder = tempfile::Builder::new().prefix("weir-worker-").tempdir()?;
        let (address, executor) = runtime.block_on(serve(scheduler, options, &folder))?;
        Ok(Worker { address, runtime: Some(runtime), folder, executor })
    }

    /// Where its rows are fetched.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many pieces of plans it runs.
    pub fn pieces(&self) -> usize {
        self.executor.active_task_count()
    }

    /// The folder that holds rows until they are fetched, and what does not fit into memory.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("address", &self.address).field("folder", &self.folder).finish()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Serves rows and asks for work, in tasks that go on. Gives the address, and what runs the work.
async fn serve(
    scheduler: &str,
    options: &WorkerOptions,
    folder: &TempDir,
) -> io::Result<(SocketAddr, Arc<Executor>)> {
    let endpoint =
        create_grpc_client_endpoint(format!("http://{scheduler}"), Some(&GrpcClientConfig::default()));
    let no_scheduler = |_| io::Error::other("no scheduler answers");
    let channel = endpoint.map_err(io::Error::other)?.connect().await.map_err(no_scheduler)?;
    let client = SchedulerGrpcClient::new(channel)
        .max_encoding_message_size(MESSAGE_BYTES_MAX as usize)
        .max_decoding_message_size(MESSAGE_BYTES_MAX as usize);
    let serving = GrpcServerConfig::default();
    let place = SocketAddr::new(options.host, options.port);
    let incoming = create_grpc_server_incoming(place, &serving).map_err(io::Error::other)?;
    let address = incoming.local_addr()?;
    let pieces = Pieces::default();
    let stopped = pieces.stopped.clone();
    let executor = Arc::new(executor(address, options, folder, pieces)?);
    let rows = FlightServiceServer::new(BallistaFlightService::new(executor.work_dir.clone()))
        .max_decoding_message_size(MESSAGE_BYTES_MAX as usize)
        .max_encoding_message_size(MESSAGE_BYTES_MAX as usize);
    let control = ExecutorGrpcServer::new(Control { executor: executor.clone(), stopped });
    let server = create_grpc_server(&serving).add_service(rows).add_service(control);
    tokio::spawn(server.serve_with_incoming(incoming));
    let health = ExecutorHealth::new();
    tokio::spawn(execution_loop::poll_loop(client, executor.clone(), Codec::ballista(), None, None, health));
    Ok((address, executor))
}

fn executor(
    address: SocketAddr,
    options: &WorkerOptions,
    folder: &TempDir,
    pieces: Pieces,
) -> io::Result<Executor> {
    let cores = options.cores.max(1);
    let registration = ExecutorRegistration {
        id: new_instance_id(),
        // An address that is no one's own is the one that the scheduler sees.
        host: (!address.ip().is_unspecified()).then(|| address.ip().to_string()),
        port: address.port().into(),
        // By it the scheduler stops pieces; work is asked for.
        grpc_port: address.port().into(),
        specification: Some(ExecutorSpecification::default().with_vcores(cores as u32).into()),
        os_info: Some(ExecutorOperatingSystemSpecification::default().into()),
        ballista_protocol_version: BALLISTA_PROTOCOL_VERSION,
    };
    let work_dir =
        folder.path().to_str().ok_or_else(|| io::Error::other("the temporary folder is no text"))?;
    let (share, spill) = (options.memory_bytes / cores, folder.path().to_path_buf());
    Ok(Executor::new(
        registration,
        work_dir,
        Arc::new(move |_| {
            let pool = Arc::new(FairSpillPool::new(share));
            RuntimeEnvBuilder::new().with_memory_pool(pool).with_temp_file_path(spill.clone()).build_arc()
        }),
        Arc::new(|| settings(SessionConfig::new())),
        Arc::new(BallistaFunctionRegistry::default()),
        Arc::new(LoggingMetricsCollector::default()),
        cores,
        Arc::new(pieces),
    ))
}

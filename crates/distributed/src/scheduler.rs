//! The scheduler: who takes plans, cuts them, and knows which workers live.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use ballista_core::config::TaskSchedulingPolicy;
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::SchedulerConfig;
use ballista_scheduler::scheduler_process::{create_scheduler, start_grpc_service_with_listener};
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::MESSAGE_BYTES_MAX;
use crate::codec::Codec;

/// How long a worker may be silent before its work is given to others, in seconds. A busy worker speaks every 5 s, an
/// idle one 20 times a second; Ballista would wait for 180 s.
pub const LOST_AFTER_S: u64 = 12;
/// How often silence is looked for, in seconds.
const CHECK_EVERY_S: u64 = 2;
/// How long rows wait for who asked for them, in seconds: as long as Ballista lets them.
const ROWS_KEPT_S: u64 = 300;

/// A scheduler; it ends when this is dropped.
#[derive(Debug)]
pub struct Scheduler {
    address: SocketAddr,
    runtime: Option<Runtime>,
}

impl Scheduler {
    /// A scheduler at this address; at port 0 the system chooses one. After `lost_after_s` seconds of silence a worker
    /// counts as lost.
    ///
    /// # Errors
    /// The address cannot be had.
    pub fn start(address: SocketAddr, lost_after_s: u64) -> io::Result<Scheduler> {
        let runtime = runtime("weir-scheduler")?;
        let listener = runtime.block_on(TcpListener::bind(address))?;
        let address = listener.local_addr()?;
        let config = SchedulerConfig {
            external_host: address.ip().to_string(),
            bind_port: address.port(),
            scheduling_policy: TaskSchedulingPolicy::PullStaged,
            executor_timeout_seconds: lost_after_s,
            expire_dead_executor_interval_seconds: CHECK_EVERY_S.min(lost_after_s),
            no_executors_grace_period_seconds: lost_after_s,
            finished_job_data_clean_up_interval_seconds: ROWS_KEPT_S,
            finished_job_state_clean_up_interval_seconds: ROWS_KEPT_S,
            grpc_server_max_decoding_message_size: MESSAGE_BYTES_MAX,
            grpc_server_max_encoding_message_size: MESSAGE_BYTES_MAX,
            grpc_client_max_message_size: MESSAGE_BYTES_MAX,
            override_physical_codec: Some(Arc::new(Codec::default())),
            ..SchedulerConfig::default()
        };
        let scheduler = runtime.block_on(async {
            let cluster = BallistaCluster::new_from_config(&config).await?;
            create_scheduler::<LogicalPlanNode, PhysicalPlanNode>(cluster, Arc::new(config)).await
        });
        runtime.spawn(start_grpc_service_with_listener(listener, scheduler.map_err(io::Error::other)?));
        Ok(Scheduler { address, runtime: Some(runtime) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Threads of their own for a scheduler or a worker.
pub fn runtime(name: &str) -> io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().thread_name(name).enable_all().build()
}

//! The cluster as who asks sees it: a scheduler that takes plans.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ballista_core::config::{
    BALLISTA_CLIENT_GRPC_MAX_MESSAGE_SIZE, BALLISTA_CLIENT_IO_RETRY_WAIT_TIME_MS,
    BALLISTA_SHUFFLE_SORT_BASED_MEMORY_LIMIT_PER_TASK_BYTES,
};
use ballista_core::extension::SessionConfigExt;
use datafusion::common::{Result, plan_datafusion_err, plan_err};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion_proto::physical_plan::AsExecutionPlan;
use datafusion_proto::protobuf::PhysicalPlanNode;
use futures::{StreamExt, TryStreamExt, stream};
use weir_engine::Workers;

use crate::MESSAGE_BYTES_MAX;
use crate::codec::Codec;
use crate::job::{self, rows_at};

/// Bytes of rows that a piece of a plan keeps in memory on their way to others, beside the bound of its memory pool: no
/// other bound, where Ballista would begin to write to files at 256 MB.
const SHUFFLE_BYTES_MAX: u64 = 0;
/// How long it takes until rows that cannot be fetched are asked for again, in milliseconds; Ballista would wait for 3 s.
pub const RETRY_MS: u64 = 200;

/// How long a scheduler may take to tell how many workers it knows.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// A scheduler and the workers it knows.
#[derive(Clone, Debug)]
pub struct Cluster {
    scheduler: String,
}

impl Cluster {
    /// The cluster of the scheduler at `scheduler`, HOST:PORT.
    pub fn of(scheduler: &str) -> Cluster {
        Cluster { scheduler: scheduler.to_owned() }
    }

    /// How many workers live. A query without any would wait for the first.
    ///
    /// # Errors
    /// There is no scheduler.
    pub fn workers(&self) -> io::Result<usize> {
        let address = self.scheduler.to_socket_addrs()?.next();
        let address = address.ok_or_else(|| io::Error::other("the name has no address"))?;
        let mut stream = TcpStream::connect_timeout(&address, ANSWER_MAX)?;
        stream.set_read_timeout(Some(ANSWER_MAX))?;
        let host = &self.scheduler;
        write!(stream, "GET /readyz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
        // "ready: 2 executors registered", or "not ready: 0/1 executors registered".
        let count = BufReader::new(stream).lines().map_while(io::Result::ok).find_map(|line| {
            let (_, count) = line.strip_suffix(" executors registered")?.rsplit_once(' ')?;
            count.split('/').next()?.parse().ok()
        });
        count.ok_or_else(|| io::Error::other("what listens there is no scheduler"))
    }
}

#[async_trait]
impl Workers for Cluster {
    fn settings(&self, config: SessionConfig) -> SessionConfig {
        settings(config)
    }

    async fn run(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        context: &SessionContext,
    ) -> Result<SendableRecordBatchStream> {
        let plan_bytes = written(&plan).map_err(|error| {
            plan_datafusion_err!("workers cannot be given it: {}", error.strip_backtrace())
        })?;
        let places = job::run(&self.scheduler, plan_bytes, context).await?;
        let rows = stream::iter(places).then(rows_at).try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(plan.schema(), rows)))
    }
}

/// The plan as it is on its way; that it can be read is tried.
///
/// # Errors
/// A part that cannot be written, or that lies deeper than messages are read.
fn written(plan: &Arc<dyn ExecutionPlan>) -> Result<Vec<u8>> {
    let mut bytes = vec![];
    PhysicalPlanNode::try_from_physical_plan(plan.clone(), &Codec::default())?.try_encode(&mut bytes)?;
    if bytes.len() > MESSAGE_BYTES_MAX as usize {
        return plan_err!("with what it looks up it has more than {MESSAGE_BYTES_MAX} bytes");
    }
    PhysicalPlanNode::try_decode(&bytes)?;
    Ok(bytes)
}

/// The settings that plans for workers are made with, and that workers begin with.
pub fn settings(config: SessionConfig) -> SessionConfig {
    config
        .upgrade_for_ballista()
        .set_u64(BALLISTA_CLIENT_GRPC_MAX_MESSAGE_SIZE, MESSAGE_BYTES_MAX.into())
        .set_u64(BALLISTA_SHUFFLE_SORT_BASED_MEMORY_LIMIT_PER_TASK_BYTES, SHUFFLE_BYTES_MAX)
        .set_u64(BALLISTA_CLIENT_IO_RETRY_WAIT_TIME_MS, RETRY_MS)
}

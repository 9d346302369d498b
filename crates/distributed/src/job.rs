//! A plan that runs on workers: given to the scheduler, waited for, its rows fetched, and stopped when nobody waits for it
//! any more.

use std::thread::JoinHandle;
use std::time::Duration;

use ballista_core::client::BallistaClient;
use ballista_core::serde::protobuf::execute_query_params::Query;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use ballista_core::serde::protobuf::{
    CancelJobParams, ExecuteQueryParams, GetJobStatusParams, KeyValuePair, PartitionLocation,
    execute_query_failure_result::Failure, execute_query_result, job_status::Status,
};
use ballista_core::utils::{GrpcClientConfig, create_grpc_client_endpoint};
use ballista_core::version::insert_version_header;
use datafusion::common::Result;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::prelude::SessionContext;
use tokio::sync::oneshot;
use tonic::Request;
use tonic::transport::Channel;

use crate::MESSAGE_BYTES_MAX;
use crate::cluster::RETRY_MS;

/// How long it takes until a job is asked about again: doubled each time, up to the second.
const ASK_AFTER: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(50));
/// How often a scheduler may not know of a job, in a row: it does not before it has begun to plan it, nor after it has
/// been started anew.
const UNKNOWN_MAX: usize = 100;
/// How long a scheduler may take to stop a job before it is left to itself.
const STOP_MAX: Duration = Duration::from_secs(3);
/// How often rows are asked for that cannot be fetched, as Ballista does it.
const RETRIES: u8 = 3;

/// Runs a plan at the scheduler at `scheduler`, HOST:PORT. Gives the places of its rows, partition after partition.
///
/// If this is dropped before its end, the job is stopped, even one whose name the scheduler has not yet told; the drop waits
/// for that, since the process may be about to end.
///
/// # Errors
/// Those of [`Job::begin`] and [`Job::done`].
pub async fn run(scheduler: &str, plan: Vec<u8>, context: &SessionContext) -> Result<Vec<PartitionLocation>> {
    let (places, wanted) = oneshot::channel();
    let settings = context.copied_config().options().entries().into_iter();
    let query = ExecuteQueryParams {
        query: Some(Query::PhysicalPlan(plan)),
        settings: settings.map(|entry| KeyValuePair { key: entry.key, value: entry.value }).collect(),
        session_id: context.session_id(),
        operation_id: context.session_id(),
    };
    let scheduler = scheduler.to_owned();
    // A thread of its own, with its own runtime: who is dropped cannot go on.
    let follow = move || match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(follow(&scheduler, query, places)),
        Err(error) => _ = places.send(Err(told(error))),
    };
    let thread = std::thread::Builder::new().name("weir-job".into()).spawn(follow).map_err(told)?;
    let mut following = Following { wanted, thread: Some(thread) };
    (&mut following.wanted).await.unwrap_or_else(|_| Err(told("the query was not followed to its end")))
}

/// Follows a job to its end, or until nobody wants its places any more.
async fn follow(
    scheduler: &str,
    query: ExecuteQueryParams,
    mut places: oneshot::Sender<Result<Vec<PartitionLocation>>>,
) {
    // Who does not answer cannot be told to stop.
    let patience = async {
        places.closed().await;
        tokio::time::sleep(STOP_MAX).await;
    };
    let begun = tokio::select! {
        begun = Job::begin(scheduler, query) => begun,
        () = patience => return,
    };
    let mut job = match begun {
        Ok(job) => job,
        Err(error) => {
            places.send(Err(error)).ok();
            return;
        }
    };
    let done = tokio::select! {
        done = job.done() => Some(done),
        () = places.closed() => None,
    };
    match done {
        Some(done) => _ = places.send(done),
        None => _ = tokio::time::timeout(STOP_MAX, job.stop()).await,
    }
}

/// Who waits for a job that a thread follows.
struct Following {
    wanted: oneshot::Receiver<Result<Vec<PartitionLocation>>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Following {
    fn drop(&mut self) {
        self.wanted.close();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// A job at its scheduler.
struct Job {
    scheduler: SchedulerGrpcClient<Channel>,
    id: String,
}

impl Job {
    /// Gives a plan to the scheduler at `scheduler`, HOST:PORT.
    ///
    /// # Errors
    /// There is no scheduler, it is of another version, or it cannot read the plan.
    async fn begin(scheduler: &str, query: ExecuteQueryParams) -> Result<Job> {
        let endpoint =
            create_grpc_client_endpoint(format!("http://{scheduler}"), Some(&GrpcClientConfig::default()));
        let channel = endpoint.map_err(told)?.connect().await;
        let channel = channel.map_err(|_| told(format!("no scheduler answers at {scheduler}")))?;
        let mut scheduler = SchedulerGrpcClient::new(channel)
            .max_encoding_message_size(MESSAGE_BYTES_MAX as usize)
            .max_decoding_message_size(MESSAGE_BYTES_MAX as usize);
        let mut query = Request::new(query);
        insert_version_header(query.metadata_mut());
        let answer = scheduler.execute_query(query).await.map_err(refused)?.into_inner();
        match answer.result {
            Some(execute_query_result::Result::Success(job)) => Ok(Job { scheduler, id: job.job_id }),
            Some(execute_query_result::Result::Failure(failure)) => Err(told(match failure.failure {
                Some(
                    Failure::PlanParsingFailure(why)
                    | Failure::SqlParsingFailure(why)
                    | Failure::SessionNotFound(why),
                ) => cause(&why),
                None => "the scheduler has refused it".to_owned(),
            })),
            None => Err(told("the scheduler has refused it")),
        }
    }

    /// Waits for its end. Gives the places of its rows, partition after partition.
    ///
    /// # Errors
    /// What has failed on a worker, or the scheduler does not answer any more.
    async fn done(&mut self) -> Result<Vec<PartitionLocation>> {
        let (mut wait, mut unknown) = (ASK_AFTER.0, 0);
        loop {
            let status = self.status().await?;
            unknown = if status.is_none() { unknown + 1 } else { 0 };
            match status {
                Some(Status::Successful(job)) => return Ok(job.partition_location),
                Some(Status::Failed(job)) => {
                    return Err(told(format!("on the workers: {}", cause(&job.error))));
                }
                None if unknown > UNKNOWN_MAX => {
                    return Err(told("the scheduler does not know the query any more"));
                }
                _ => tokio::time::sleep(wait).await,
            }
            wait = (2 * wait).min(ASK_AFTER.1);
        }
    }

    async fn status(&mut self) -> Result<Option<Status>> {
        let asked = GetJobStatusParams { job_id: self.id.clone() };
        let answer = self.scheduler.get_job_status(asked).await.map_err(refused)?;
        Ok(answer.into_inner().status.and_then(|job| job.status))
    }

    /// Stops it. One that is not planned yet cannot be stopped: it is asked again until it has ended.
    async fn stop(&mut self) -> Result<()> {
        loop {
            let asked = CancelJobParams { job_id: self.id.clone() };
            self.scheduler.cancel_job(asked).await.map_err(refused)?;
            tokio::time::sleep(ASK_AFTER.0).await;
            if let Some(Status::Successful(_) | Status::Failed(_)) = self.status().await? {
                return Ok(());
            }
        }
    }
}

/// The rows of a place, from the worker that holds them.
///
/// They come as they lie on its disk: Arrow Flight would cut each batch into pieces and send the texts of all with each.
///
/// # Errors
/// The worker is lost, or its rows are.
pub async fn rows_at(place: PartitionLocation) -> Result<SendableRecordBatchStream> {
    let layout = place.layout();
    let (Some(worker), Some(part)) = (place.executor_meta, place.partition_id) else {
        return Err(told("the scheduler does not say where the rows are"));
    };
    let at = format!("{}:{}", worker.host, worker.port);
    let lost = |why: String| told(format!("the rows of the worker {at} cannot be fetched: {}", cause(&why)));
    let message_max = MESSAGE_BYTES_MAX as usize;
    let port = worker.port as u16;
    let client =
        BallistaClient::try_new(&worker.host, port, message_max, false, None, RETRIES, RETRY_MS, 0, 0).await;
    let mut client = client.map_err(|error| lost(error.to_string()))?;
    let rows = client.fetch_partition(&worker.id, &part.into(), place.file_id, layout, false).await;
    rows.map_err(|error| lost(error.to_string()))
}

/// An error that says this and no more.
pub fn told(why: impl ToString) -> DataFusionError {
    DataFusionError::External(why.to_string().into())
}

fn refused(status: tonic::Status) -> DataFusionError {
    told(format!("the scheduler: {}", cause(status.message())))
}

/// The cause in what Ballista tells: the texts in it, where it prints an error's structure as `Reason("text")`; else all.
/// It has one line.
pub fn cause(told: &str) -> String {
    let (mut texts, mut rest) = (vec![], told);
    while let Some((before, after)) = rest.split_once('"') {
        let (text, after) = text_of(after);
        if ["(", ": ", ", "].iter().any(|opening| before.ends_with(opening)) {
            texts.push(text);
        }
        rest = after;
    }
    let all = if texts.is_empty() { told.to_owned() } else { texts.join(": ") };
    all.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text up to its closing quote, and what follows.
fn text_of(quoted: &str) -> (String, &str) {
    let (mut text, mut chars) = (String::new(), quoted.chars());
    while let Some(c) = chars.next().filter(|c| *c != '"') {
        text.push(match c {
            '\\' => chars.next().map_or('\\', |escaped| if escaped == 'n' { '\n' } else { escaped }),
            c => c,
        });
    }
    (text, chars.as_str())
}

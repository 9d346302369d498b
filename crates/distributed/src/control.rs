//! What a scheduler asks of a worker: to stop pieces of plans. Work is what the worker asks for.

use std::sync::Arc;

use async_trait::async_trait;
use ballista_core::JobId;
use ballista_core::serde::protobuf::executor_grpc_server::ExecutorGrpc;
use ballista_core::serde::protobuf::{
    CancelTasksParams, CancelTasksResult, LaunchMultiTaskParams, LaunchMultiTaskResult, LaunchTaskParams,
    LaunchTaskResult, RemoveJobDataParams, RemoveJobDataResult, StopExecutorParams, StopExecutorResult,
};
use ballista_executor::executor::Executor;
use tonic::{Request, Response, Status};

use crate::piece::Stopped;

/// Answers a scheduler for a worker.
pub struct Control {
    /// What runs the pieces.
    pub executor: Arc<Executor>,
    /// Where pieces see that they are not to begin.
    pub stopped: Arc<Stopped>,
}

#[async_trait]
impl ExecutorGrpc for Control {
    async fn cancel_tasks(
        &self,
        request: Request<CancelTasksParams>,
    ) -> Result<Response<CancelTasksResult>, Status> {
        let mut cancelled = true;
        for task in request.into_inner().task_infos {
            let (stage, id) = (task.stage_id as usize, task.task_id as usize);
            let job = JobId::from(task.job_id);
            // In this order: it may begin at this moment.
            self.stopped.add((job.clone(), stage, id));
            cancelled &= self.executor.cancel_task(job, stage, id).await.is_ok();
        }
        Ok(Response::new(CancelTasksResult { cancelled }))
    }

    async fn launch_task(&self, _: Request<LaunchTaskParams>) -> Result<Response<LaunchTaskResult>, Status> {
        Err(asks())
    }

    async fn launch_multi_task(
        &self,
        _: Request<LaunchMultiTaskParams>,
    ) -> Result<Response<LaunchMultiTaskResult>, Status> {
        Err(asks())
    }

    async fn stop_executor(
        &self,
        _: Request<StopExecutorParams>,
    ) -> Result<Response<StopExecutorResult>, Status> {
        Err(asks())
    }

    async fn remove_job_data(
        &self,
        _: Request<RemoveJobDataParams>,
    ) -> Result<Response<RemoveJobDataResult>, Status> {
        Err(asks())
    }
}

/// Work, and whose rows may go, is in the scheduler's answers to the worker; its end is its own.
fn asks() -> Status {
    Status::unimplemented("a worker asks for its work")
}

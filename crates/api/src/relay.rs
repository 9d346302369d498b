//! Requests of instances to services behind VPC endpoints, answered by this cloud itself.
//!
//! What an instance sends to an endpoint is a request like any other: who signed it says who calls, in which region. Weir's
//! own pages are not for instances. What the endpoint's policy does not allow is refused ([`policy`]). Behind an endpoint for S3
//! is whoever the host has set to answer for it ([`AnswerS3`]).
//! Source: AWS PrivateLink Guide, "Access an AWS service using an interface VPC endpoint".

mod policy;

pub(crate) use policy::Via;

use crate::cloud::Cloud;
use crate::local;
use weir_fabric::{ServiceAnswer, ServiceRequest};
use weir_model::Timestamp;
use weir_model::iam::evaluate::Context;
use weir_wire::{Protocol, Refusal, Request, Response, Service, WireError};

/// Who answers for S3, which is not the cloud's business.
pub trait AnswerS3: Send {
    /// Answers a request that came through an endpoint; beside the answer is what it asked for that S3 here does not have.
    fn answer(&self, request: Request, passage: Passage, now: Timestamp) -> (ServiceAnswer, Option<String>);
}

/// The endpoint that a request for S3 came through.
#[derive(Clone, Debug)]
pub struct Passage {
    /// Its policy; everything is allowed without one.
    pub policy: Option<String>,
    /// The condition keys that calls through it have.
    pub keys: Context,
}

impl Cloud {
    /// Has requests for S3 answered by `s3`. Without it S3 is not implemented.
    pub fn set_s3(&mut self, s3: Box<dyn AnswerS3>) {
        self.s3 = Some(s3);
    }

    /// Answers the requests that have come through endpoints; their packets travel on from here.
    pub(crate) fn serve_endpoints(&mut self, now: Timestamp) {
        for asked in self.plane.fabric.take_service_requests() {
            let request = request(&asked);
            let answer = match local::is_local(&request.path) {
                true => ServiceAnswer { status: 404, headers: Vec::new(), body: Vec::new() },
                false => match self.passage_to_s3(&Via::of(&asked)) {
                    Some((s3, passage)) => {
                        let (answer, missing) = s3.answer(request, passage, now);
                        missing.iter().for_each(|what| self.count_missing(what));
                        answer
                    }
                    None => self.relay(request, &Via::of(&asked), now),
                },
            };
            self.plane.fabric.answer_service(&asked, &answer);
        }
    }
}

impl Cloud {
    /// Who answers behind an endpoint for S3.
    fn passage_to_s3(&self, via: &Via) -> Option<(&dyn AnswerS3, Passage)> {
        let endpoint =
            self.network.endpoints.get(&via.endpoint).filter(|endpoint| endpoint.service == "s3")?;
        let passage = Passage { policy: endpoint.policy.clone(), keys: via.keys(endpoint) };
        Some((self.s3.as_deref()?, passage))
    }

    /// Answers that go on are refused: those to hosts are whole.
    fn relay(&mut self, request: Request, via: &Via, now: Timestamp) -> ServiceAnswer {
        let protocol = Protocol::Json11;
        let reply = self.respond(request, Some(via), now);
        let Some(session) = reply.session else { return answer(reply.response) };
        self.end_tail(&session);
        let error = WireError::not_implemented(protocol, "Live Tail through a VPC endpoint");
        answer(Refusal { protocol, service: Some(Service::Logs), error }.response(""))
    }
}

/// The request as the server would have it.
fn request(asked: &ServiceRequest) -> Request {
    let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
    Request {
        method: asked.method.clone(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: asked.headers.clone(),
        body: asked.body.clone(),
    }
}

fn answer(response: Response) -> ServiceAnswer {
    let content_type = ("Content-Type".to_owned(), response.content_type.to_owned());
    let others = response.headers.into_iter().map(|(name, value)| (name.to_owned(), value));
    ServiceAnswer {
        status: response.status,
        headers: [content_type].into_iter().chain(others).collect(),
        body: response.body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;
    use crate::logs::queries::RunNaively;
    use weir_store::Store;

    #[test]
    fn live_tail_through_an_endpoint_is_refused_and_leaves_no_session() {
        let mut cloud = Cloud::new(Settings::default(), Store::in_memory(), Box::new(RunNaively));
        let mut ask = |action: &str, body: &str| {
            let target = ("x-amz-target".to_owned(), format!("Logs_20140328.{action}"));
            let request = Request { headers: vec![target], body: body.into(), ..Request::default() };
            let endpoint = "vpce-12345678".parse().expect("an id");
            let via = Via { endpoint, source: None, is_secure: false };
            let answer = cloud.relay(request, &via, Timestamp(0));
            (answer.status, String::from_utf8_lossy(&answer.body).into_owned())
        };
        assert_eq!(ask("CreateLogGroup", r#"{"logGroupName":"app"}"#), (200, String::new()));
        // More often than there may be sessions at a time.
        for _ in 0..20 {
            let (status, said) = ask("StartLiveTail", r#"{"logGroupIdentifiers":["app"]}"#);
            assert!(status == 400 && said.contains("is not implemented by weir"), "{status} {said}");
        }
    }
}

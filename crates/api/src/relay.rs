//! Requests of instances to services behind VPC endpoints, answered by this cloud itself.
//!
//! What an instance sends to an endpoint is a request like any other: who signed it says who calls, in which region. Weir's
//! own pages are not for instances.
//! Source: AWS PrivateLink Guide, "Access an AWS service using an interface VPC endpoint".

use crate::cloud::Cloud;
use crate::local;
use weir_fabric::{ServiceAnswer, ServiceRequest};
use weir_model::Timestamp;
use weir_wire::{Request, Response};

impl Cloud {
    /// Answers the requests that have come through endpoints; their packets travel on from here.
    pub(crate) fn serve_endpoints(&mut self, now: Timestamp) {
        for asked in self.plane.fabric.take_service_requests() {
            let request = request(&asked);
            let answer = match local::is_local(&request.path) {
                true => ServiceAnswer { status: 404, headers: Vec::new(), body: Vec::new() },
                false => self.relay(request, now),
            };
            self.plane.fabric.answer_service(&asked, &answer);
        }
    }
}

impl Cloud {
    /// Live Tail ends with its opening here: the hosts' answers are whole.
    fn relay(&mut self, request: Request, now: Timestamp) -> ServiceAnswer {
        let reply = self.respond(request, now);
        if let Some(session) = reply.session {
            self.end_tail(&session);
        }
        answer(reply.response)
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

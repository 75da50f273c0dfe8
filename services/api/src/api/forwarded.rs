//! Requests that other regions pass on: answered as a client's are, and passed on no further.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Instant;

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, Uri};
use actix_web::web::Bytes;
use tombolo_actors::{Answerer, ForwardAnswer, ForwardReply, ForwardRequest};
use tombolo_causality::RegionId;
use tombolo_replication::read_router::Hop;

use super::{Api, Asked};
use crate::freshness::to_be_passed_back;
use crate::problem::Problem;
use crate::route::{Door, Route};

impl Answerer for Api {
    fn answer(self: Arc<Self>, _from: RegionId, request: ForwardRequest) -> ForwardAnswer {
        Box::pin(async move { self.answer_forwarded(request).await })
    }
}

impl Api {
    async fn answer_forwarded(&self, request: ForwardRequest) -> ForwardReply {
        let began = Instant::now();
        let ForwardRequest { method, target, headers: sent, body, .. } = request;
        let method = Method::from_bytes(method.as_bytes());
        let (Ok(method), Ok(uri)) = (method, target.parse::<Uri>()) else {
            return to_be_passed_back(Problem::NoSuchRoute.reply(self.letterhead())).await;
        };
        let mut headers = HeaderMap::with_capacity(sent.len());
        for (name, value) in sent {
            if let (Ok(name), Ok(value)) =
                (HeaderName::try_from(name), HeaderValue::try_from(value))
            {
                headers.insert(name, value);
            }
        }
        let asked = Asked {
            door: Door::Api,
            method: &method,
            uri: &uri,
            headers: &headers,
            hop: Hop::Forwarded,
            route: Route::parse(uri.path(), Door::Api),
            // Its span is told of by the region that was asked; what is written here belongs to the
            // trace all the same.
            span: self.0.tracer.passed_on(&headers),
        };
        // Asked by operators alone, and they ask their own region.
        let own_host = || IpAddr::V4(Ipv4Addr::LOCALHOST);
        let mut payload = Payload::from(Bytes::from(body));
        let (reply, times) = self.reply(&asked, own_host, &mut payload).await;
        if let Some(times) = times {
            // A request is counted by the region that was asked, the steps of a write where it is
            // done.
            self.requests().wrote(began, times, Instant::now());
        }
        to_be_passed_back(reply).await
    }
}

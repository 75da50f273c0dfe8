//! A reply that ends the connection because its request was not read to the end.
//!
//! An application may be refused before its body has arrived. Of a body that nobody holds any more
//! actix-http reads the rest, which in chunks has no end and no deadline; of one that is held until
//! the reply is sent it reads for a while, so that the client sees the reply, and closes the
//! connection.

use core::pin::Pin;
use core::task::{Context, Poll};

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::Payload;
use actix_web::web::Bytes;

/// A reply's body, and what is left of the request's.
struct Holding {
    body: BoxBody,
    _request: Payload,
}

impl MessageBody for Holding {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(task)
    }
}

/// The reply to a request of which `payload` was not read; the same reply where there is none.
pub(crate) fn ending(reply: HttpResponse, payload: Payload) -> HttpResponse {
    match payload {
        Payload::None => reply,
        payload => reply.map_body(|_, body| BoxBody::new(Holding { body, _request: payload })),
    }
}

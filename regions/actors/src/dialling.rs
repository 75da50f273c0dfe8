//! The first words on a connection, as whoever dials says them: the same whatever it dials for.

use core::time::Duration;

use tokio::net::TcpStream;
use tombolo_causality::{RegionId, ReplicaId, VersionVector};
use tombolo_protocol::{Frame, Hello, Purpose, RefusalCode, Welcome};

use crate::connection::{ConnectionError, FrameReader, FrameWriter, HELLO_BYTES_MAX};

/// The protocol version this program speaks.
pub(crate) const PROTOCOL: u8 = 1;

/// What `own`, which has `vector`, says first.
pub(crate) fn hello(
    cluster: &str,
    own: ReplicaId,
    vector: VersionVector,
    purpose: Purpose,
) -> Hello {
    Hello {
        cluster: cluster.to_owned(),
        region: own.region,
        replica: own,
        protocol_min: PROTOCOL,
        protocol_max: PROTOCOL,
        vector,
        purpose,
    }
}

/// Dials `address` and says who is there; answers who was met.
pub(crate) async fn dial(
    address: (&str, u16),
    hello: Hello,
    expected: RegionId,
) -> Result<(FrameReader, FrameWriter, Welcome), ConnectionError> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (read, write) = stream.into_split();
    let (mut reader, mut writer) = (FrameReader::new(read), FrameWriter::new(write));
    writer.write(&Frame::Hello(hello)).await?;
    // Whoever dials bounds the whole.
    match reader.read(HELLO_BYTES_MAX, Duration::MAX).await? {
        Frame::Welcome(welcome) if welcome.replica.region == expected => {
            Ok((reader, writer, welcome))
        }
        Frame::Welcome(welcome) => {
            let detail = format!("{} answers where {expected} should", welcome.replica.region);
            Err(ConnectionError::Refusing { code: RefusalCode::UnknownRegion, detail })
        }
        Frame::Refused { code, detail } => Err(ConnectionError::Refused { code, detail }),
        _ => Err(ConnectionError::Unexpected { what: "something else than a welcome" }),
    }
}

//! The end of a file in a frame.

/// Length and checksum made right, so that the fuzzer gets past them.
pub(crate) fn sealed(body: &[u8]) -> Vec<u8> {
    let mut bytes = body.to_vec();
    bytes.extend((body.len() as u64 + 12).to_le_bytes());
    bytes.extend(crc32(&bytes).to_le_bytes());
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ 0xedb8_8320 & (crc & 1).wrapping_neg();
        }
    }
    !crc
}

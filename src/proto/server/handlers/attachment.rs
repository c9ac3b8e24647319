//! The JSON that hangs on the message of an uploaded file (loco-modern §6.9).

use super::feed::json_string as text;
use crate::proto::server::records::media::Media;

/// A photo.
pub(super) const PHOTO: i32 = 2;
/// A video.
pub(super) const VIDEO: i32 = 3;
/// A contact.
pub(super) const CONTACT: i32 = 4;
/// A voice message.
pub(super) const AUDIO: i32 = 5;
/// Any file.
pub(super) const FILE: i32 = 18;
/// Several photos.
pub(super) const ALBUM: i32 = 27;

/// The attachment. The addresses in it are empty: the bytes come by DOWN, not by HTTP.
//= MEDIA-ATTACH-1
pub(super) fn attachment(m: &Media) -> String {
    let (key, sum, none) = (text(&m.key), text(&m.checksum), text(""));
    let (size, width, height) = (m.size.to_string(), m.width.to_string(), m.height.to_string());
    let zero = || "0".to_owned();
    let name = || text(m.name.as_deref().unwrap_or_default());
    let fields: Vec<(&str, String)> = match m.kind {
        PHOTO => vec![
            ("k", key),
            ("url", none.clone()),
            ("s", size),
            ("w", width.clone()),
            ("h", height.clone()),
            ("thumbnailUrl", none),
            ("thumbnailWidth", width),
            ("thumbnailHeight", height),
            ("cs", sum),
            ("mt", text(media_type(&m.extension))),
        ],
        VIDEO => vec![
            ("url", none),
            ("tk", key.clone()),
            ("k", key),
            ("w", width),
            ("h", height),
            ("cs", sum),
            ("s", size),
            ("d", zero()),
        ],
        AUDIO => vec![("url", none), ("d", zero()), ("k", key), ("s", size)],
        FILE => {
            vec![("name", name()), ("size", size.clone()), ("s", size), ("url", none), ("k", key), ("cs", sum)]
        }
        _ => vec![("name", name()), ("url", none), ("k", key), ("s", size), ("cs", sum)],
    };
    let inside: Vec<String> = fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", inside.join(","))
}

/// The media type that belongs to a file name extension.
pub(super) fn media_type(extension: &str) -> &'static str {
    match extension.to_ascii_lowercase().as_str() {
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "mp4" => "video/mp4",
        "m4a" => "audio/mp4",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_json_whatever_the_name() {
        for kind in [PHOTO, VIDEO, CONTACT, AUDIO, FILE] {
            let name = Some("a \"b\" \\ \n 파일.txt".to_owned());
            let m = Media { key: "m1-ff".into(), kind, name: name.clone(), size: 5, ..Media::default() };
            let Ok(v) = serde_json::from_str::<serde_json::Value>(&attachment(&m)) else { panic!("{kind}") };
            assert_eq!(v["k"], "m1-ff");
            assert_eq!(v["s"], 5);
            if kind == FILE {
                assert_eq!(v["name"].as_str(), name.as_deref());
            }
        }
    }
}

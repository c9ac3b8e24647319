//! The short way and the long way of reading a body come to the same.

use super::super::write::Request;
use super::*;
use crate::proto::limits::Limits;

type Put = fn(&mut Writer<'_>);

const FIELDS: [Put; 5] = [
    |w| w.int64("chatId", 7),
    |w| w.int32("msgId", 8),
    |w| w.int32("type", 1),
    |w| w.boolean("noSeen", true),
    |w| w.string("msg", "밥 먹자"),
];

fn written(fields: &[Put]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut w = Writer::begin(&mut out);
    fields.iter().for_each(|put| put(&mut w));
    w.end();
    out
}

fn decoded(bytes: &[u8]) -> (Result<Request<'_>, Malformed>, u32) {
    let mut unknown = 0;
    let doc = Document::check(bytes, &Limits::DEFAULT);
    (doc.and_then(|doc| Request::decode(doc, &mut unknown)), unknown)
}

fn expected() -> Request<'static> {
    Request {
        chat_id: 7,
        msg_id: Some(AnyInt::Int32(8)),
        kind: 1,
        no_seen: Some(true),
        msg: Some("밥 먹자"),
        ..Default::default()
    }
}

/// All orders of five, by exchanging places (Heap).
fn orders(n: usize, fields: &mut [Put; 5], each: &mut impl FnMut(&[Put])) {
    if n <= 1 {
        return each(fields);
    }
    for i in 0..n {
        orders(n - 1, fields, each);
        fields.swap(if n.is_multiple_of(2) { i } else { 0 }, n - 1);
    }
}

#[test]
fn fields_are_read_in_every_order() {
    let mut seen = 0;
    orders(5, &mut FIELDS.clone(), &mut |fields| {
        assert_eq!(decoded(&written(fields)), (Ok(expected()), 0));
        seen += 1;
    });
    assert_eq!(seen, 120);
}

#[test]
fn an_unknown_field_is_counted_wherever_it_is() {
    for at in 0..=FIELDS.len() {
        let mut fields = FIELDS.to_vec();
        fields.insert(at, |w| w.string("msgI", "half of a name"));
        assert_eq!(decoded(&written(&fields)), (Ok(expected()), 1), "at {at}");
    }
}

#[test]
fn of_a_field_that_comes_twice_the_last_counts() {
    for (at, field) in FIELDS.into_iter().enumerate() {
        let mut fields = FIELDS.to_vec();
        fields.insert(at, field);
        assert_eq!(decoded(&written(&fields)), (Ok(expected()), 0), "twice in its place, {at}");
        let mut fields = FIELDS.to_vec();
        fields[0] = |w| w.int64("chatId", -1);
        fields.insert(at + 1, FIELDS[0]);
        assert_eq!(decoded(&written(&fields)), (Ok(expected()), 0), "again after {at}");
    }
}

#[test]
fn other_widths_and_nulls_are_read_in_place() {
    let bytes = written(&[
        |w| w.int32("chatId", 7),
        |w| w.double("msgId", 8.5),
        |w| w.int64("type", 1),
        |w| w.null("noSeen"),
        |w| w.string("msg", ""),
    ]);
    let expected = Request { chat_id: 7, msg_id: Some(AnyInt::Int64(8)), kind: 1, msg: Some(""), ..Default::default() };
    assert_eq!(decoded(&bytes), (Ok(expected), 0));
}

#[test]
fn a_wrong_type_is_named_with_its_place() {
    for at in 0..FIELDS.len() {
        let mut fields = FIELDS.to_vec();
        fields[at] = [
            |w: &mut Writer<'_>| w.string("chatId", "7"),
            |w: &mut Writer<'_>| w.boolean("msgId", true),
            |w: &mut Writer<'_>| w.int64("type", 1 << 40),
            |w: &mut Writer<'_>| w.int32("noSeen", 1),
            |w: &mut Writer<'_>| w.document("msg", |_| ()),
        ][at];
        let place = written(&fields[..at]).len() - 1;
        let name = ["chatId", "msgId", "type", "noSeen", "msg"][at];
        assert_eq!(decoded(&written(&fields)).0, Err(MalformedKind::FieldType.at(place).of(name)));
        fields[..at].reverse();
        assert_eq!(decoded(&written(&fields)).0, Err(MalformedKind::FieldType.at(place).of(name)), "out of order");
    }
}

#[test]
fn arrays_of_more_than_ten_and_of_documents_are_read_whole() {
    use super::super::types::Meta;
    let metas: Vec<Meta<'_>> = (0..300).map(|i| Meta { revision: i, content: "x", ..Default::default() }).collect();
    let numbers: Vec<i64> = (0..120).collect();
    let mut out = Vec::new();
    let mut w = Writer::begin(&mut out);
    metas.write("metas", &mut w);
    numbers.write("numbers", &mut w);
    w.end();
    let doc = Document::check(&out, &Limits::DEFAULT);
    let read = |name| doc.ok().and_then(|d| d.get(name));
    let (Some(m), Some(n)) = (read("metas"), read("numbers")) else { panic!("both are there") };
    assert_eq!(Vec::<Meta<'_>>::read(m, &mut 0), Ok(Some(metas)));
    assert_eq!(Vec::<i64>::read(n, &mut 0), Ok(Some(numbers)));
    assert_eq!(Vec::<i64>::read(m, &mut 0), Err(MalformedKind::FieldType.at(15)));
}

//! The tables that state each wire form once, for writing, reading and the catalogue alike.
//!
//! `record!`: an object. `choice!`: one of several, as `"name"` or `{"name": …}`. `family!`: the events of one
//! aggregate. A member that the wire calls otherwise than the domain does is written `field as "wire_name": Type`. All
//! of them name every field and variant, so that a change of the domain breaks the build here and not the log.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::upcast::Step;
use super::{EventDoc, FieldDoc, WireError};

/// The events of one kind of aggregate.
pub(super) trait Family: Sized {
    /// Appends `{"type":…,"v":…,"data":…}` with the newest version of the event's type.
    fn write_event(&self, out: &mut Vec<u8>);

    /// Reads an event of any version; none when the type is not of this family.
    fn read_event(steps: &[Step], kind: &str, version: u32, data: &RawValue) -> Result<Option<Self>, WireError>;

    /// Describes every type.
    fn catalogue() -> Vec<EventDoc>;
}

/// A value whose wire form is an object.
pub(super) trait Record {
    /// Describes its members.
    fn fields() -> Vec<FieldDoc>;
}

/// The data of an event that has none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

pub(super) fn read_data<T: DeserializeOwned>(kind: &str, data: &str) -> Result<T, WireError> {
    serde_json::from_str(data).map_err(|e| WireError::malformed(kind, &e))
}

macro_rules! record {
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $wire:literal) => { $wire };
    (@fields $($field:ident $(as $wire:literal)?: $type:ty),*) => {
        vec![$($crate::wire::FieldDoc {
            name: $crate::wire::family::record!(@name $field $($wire)?),
            optional: <$type as $crate::wire::value::Wire>::OPTIONAL,
            form: <$type as $crate::wire::value::Wire>::form(),
        }),*]
    };
    (@write $out:ident $($field:ident $(as $wire:literal)?),*) => {{
        let mut object = $crate::wire::json::Object::open($out);
        $(object.field($crate::wire::family::record!(@name $field $($wire)?), $field);)*
        object.close();
    }};
    ($($type:ident { $($field:ident $(as $wire:literal)?: $of:ty),* $(,)? })*) => {$(
        impl $crate::wire::value::Wire for $type {
            fn write(&self, out: &mut Vec<u8>) {
                let Self { $($field),* } = self;
                $crate::wire::family::record!(@write out $($field $(as $wire)?),*);
            }

            fn read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                #[derive(serde::Deserialize)]
                #[serde(deny_unknown_fields)]
                struct Data { $($(#[serde(rename = $wire)])? $field: $crate::wire::value::In<$of>),* }

                let Data { $($field),* } = serde::Deserialize::deserialize(deserializer)?;
                Ok(Self { $($field: $field.0),* })
            }

            fn form() -> String {
                $crate::wire::catalogue::object_form(&<Self as $crate::wire::family::Record>::fields())
            }
        }

        impl $crate::wire::family::Record for $type {
            fn fields() -> Vec<$crate::wire::FieldDoc> {
                $crate::wire::family::record!(@fields $($field $(as $wire)?: $of),*)
            }
        }
    )*};
}

macro_rules! choice {
    (@write $out:ident $name:literal) => { $crate::wire::json::plain($out, $name) };
    (@write $out:ident $name:literal ($inner:ident)) => {{
        $out.extend_from_slice(concat!("{\"", $name, "\":").as_bytes());
        $crate::wire::value::Wire::write($inner, $out);
        $out.push(b'}');
    }};
    (@write $out:ident $name:literal { $($field:ident),* }) => {{
        $out.extend_from_slice(concat!("{\"", $name, "\":").as_bytes());
        $crate::wire::family::record!(@write $out $($field),*);
        $out.push(b'}');
    }};
    (@form $name:literal) => { format!("{:?}", $name) };
    (@form $name:literal ($of:ty)) => { format!("{{{}: {}}}", $name, <$of as $crate::wire::value::Wire>::form()) };
    (@form $name:literal { $($field:ident: $of:ty),* }) => {
        format!(
            "{{{}: {}}}",
            $name,
            $crate::wire::catalogue::object_form(&$crate::wire::family::record!(@fields $($field: $of),*))
        )
    };
    ($($type:ident {
        $($name:literal => $variant:ident
            $(($inner:ident: $of:ty))? $({ $($field:ident: $field_of:ty),* $(,)? })?),* $(,)?
    })*) => {$(
        impl $crate::wire::value::Wire for $type {
            fn write(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant $(($inner))? $({ $($field),* })? => {
                        $crate::wire::family::choice!(@write out $name $(($inner))? $({ $($field),* })?)
                    })*
                }
            }

            fn read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                #[derive(serde::Deserialize)]
                #[serde(deny_unknown_fields)]
                enum Data {
                    $(#[serde(rename = $name)]
                    $variant
                        $(($crate::wire::value::In<$of>))?
                        $({ $($field: $crate::wire::value::In<$field_of>),* })?,)*
                }

                Ok(match serde::Deserialize::deserialize(deserializer)? {
                    $(Data::$variant $(($inner))? $({ $($field),* })? => {
                        Self::$variant $(($inner.0))? $({ $($field: $field.0),* })?
                    })*
                })
            }

            fn form() -> String {
                [$($crate::wire::family::choice!(@form $name $(($of))? $({ $($field: $field_of),* })?)),*].join(" | ")
            }
        }
    )*};
}

/// Each line: `"type" version => Variant`, then its data. `{ fields }` and nothing at all mean an object with these
/// members; `(name: Type)`, the only field's own object; `[name: Type]`, an object with the only field under that name.
macro_rules! family {
    (@write $out:ident) => { $out.extend_from_slice(b"{}") };
    (@write $out:ident ($inner:ident)) => { $crate::wire::value::Wire::write($inner, $out) };
    (@write $out:ident [$only:ident]) => { $crate::wire::family::record!(@write $out $only) };
    (@write $out:ident { $($field:ident $(as $wire:literal)?),* }) => {
        $crate::wire::family::record!(@write $out $($field $(as $wire)?),*)
    };
    (@read $data:ident $kind:literal $variant:ident) => {{
        let $crate::wire::family::Nothing {} = $crate::wire::family::read_data($kind, &$data)?;
        Self::$variant
    }};
    (@read $data:ident $kind:literal $variant:ident ($of:ty)) => {{
        let $crate::wire::value::In::<$of>(inner) = $crate::wire::family::read_data($kind, &$data)?;
        Self::$variant(inner)
    }};
    (@read $data:ident $kind:literal $variant:ident [$only:ident: $of:ty]) => {{
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Data { $only: $crate::wire::value::In<$of> }

        let Data { $only } = $crate::wire::family::read_data($kind, &$data)?;
        Self::$variant($only.0)
    }};
    (@read $data:ident $kind:literal $variant:ident { $($field:ident $(as $wire:literal)?: $of:ty),* }) => {{
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Data { $($(#[serde(rename = $wire)])? $field: $crate::wire::value::In<$of>),* }

        let Data { $($field),* } = $crate::wire::family::read_data($kind, &$data)?;
        Self::$variant { $($field: $field.0),* }
    }};
    (@fields) => { Vec::new() };
    (@fields ($of:ty)) => { <$of as $crate::wire::family::Record>::fields() };
    (@fields [$only:ident: $of:ty]) => { $crate::wire::family::record!(@fields $only: $of) };
    (@fields { $($field:ident $(as $wire:literal)?: $of:ty),* }) => {
        $crate::wire::family::record!(@fields $($field $(as $wire)?: $of),*)
    };
    ($type:ident of $aggregate:literal {
        $(
            $(#[doc = $doc:literal])+
            $kind:literal $version:literal => $variant:ident
                $(($inner:ident: $inner_of:ty))?
                $([$only:ident: $only_of:ty])?
                $({ $($field:ident $(as $wire:literal)?: $of:ty),* $(,)? })?
        ),* $(,)?
    }) => {
        impl $crate::wire::family::Family for $type {
            fn write_event(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant $(($inner))? $(($only))? $({ $($field),* })? => {
                        let head = concat!(r#"{"type":""#, $kind, r#"","v":"#, $version, r#","data":"#);
                        out.extend_from_slice(head.as_bytes());
                        $crate::wire::family::family!(
                            @write out $(($inner))? $([$only])? $({ $($field $(as $wire)?),* })?
                        );
                    })*
                }
                out.push(b'}');
            }

            fn read_event(
                steps: &[$crate::wire::upcast::Step],
                kind: &str,
                version: u32,
                data: &serde_json::value::RawValue,
            ) -> Result<Option<Self>, $crate::wire::WireError> {
                Ok(Some(match kind {
                    $($kind => {
                        let data = $crate::wire::upcast::upcast(steps, $kind, $version, version, data)?;
                        $crate::wire::family::family!(
                            @read data $kind $variant
                            $(($inner_of))? $([$only: $only_of])? $({ $($field $(as $wire)?: $of),* })?
                        )
                    })*
                    _ => return Ok(None),
                }))
            }

            fn catalogue() -> Vec<$crate::wire::EventDoc> {
                vec![$($crate::wire::EventDoc {
                    aggregate: $aggregate,
                    name: $kind,
                    version: $version,
                    description: concat!($($doc),+).trim(),
                    fields: $crate::wire::family::family!(
                        @fields $(($inner_of))? $([$only: $only_of])? $({ $($field $(as $wire)?: $of),* })?
                    ),
                }),*]
            }
        }
    };
}

pub(super) use {choice, family, record};

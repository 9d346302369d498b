//! Types with a text form of their own: one line makes them readable and writable.

/// Implements [`Param`](crate::Param) and [`Xml`](crate::Xml) for types that are `FromStr` and `Display`.
///
/// Each row is a type and what completes "Expecting …" when it cannot be read; or a type and a function
/// `(error, parameter, text) -> WireError` when AWS has a code of its own for it.
///
/// ```
/// # use std::{fmt, str::FromStr};
/// # use weir_wire::{Dialect, Params, WireError};
/// struct Even(u32);
/// # impl FromStr for Even {
/// #     type Err = ();
/// #     fn from_str(text: &str) -> Result<Even, ()> {
/// #         text.parse().ok().filter(|n| n % 2 == 0).map(Even).ok_or(())
/// #     }
/// # }
/// # impl fmt::Display for Even {
/// #     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
/// # }
/// weir_wire::text! { Even: "an even number" }
/// # use weir_wire::Param;
/// let params = Params::parse(Dialect::Ec2, b"Count=3").expect("well-formed");
/// let error = Even::read(&params, "Count").map(|_| ()).expect_err("3 is odd");
/// assert_eq!(error.message, "Value ( 3 ) for parameter count is invalid. Expecting an even number.");
/// ```
#[macro_export]
macro_rules! text {
    ($($name:ty: $expecting:literal),* $(,)?) => {$(
        impl $crate::Param for $name {
            const KIND: $crate::Kind = $crate::Kind::Text;

            fn read(params: &$crate::Params, at: &str) -> Result<Self, $crate::WireError> {
                let text = params.text(at)?;
                text.parse().map_err(|_| params.invalid(at, text, $expecting))
            }
        }

        $crate::text_xml!($name);
    )*};
    ($($name:ty => $refusal:expr),* $(,)?) => {$(
        impl $crate::Param for $name {
            const KIND: $crate::Kind = $crate::Kind::Text;

            fn read(params: &$crate::Params, at: &str) -> Result<Self, $crate::WireError> {
                let text = params.text(at)?;
                text.parse().map_err(|error| $refusal(error, at, text))
            }
        }

        $crate::text_xml!($name);
    )*};
}

/// Implements [`Xml`](crate::Xml) for types that are `Display`.
#[macro_export]
macro_rules! text_xml {
    ($($name:ty),* $(,)?) => {$(
        impl $crate::Xml for $name {
            const KIND: $crate::Kind = $crate::Kind::Text;

            fn write(&self, out: &mut $crate::Writer) {
                out.display(self);
            }
        }
    )*};
}

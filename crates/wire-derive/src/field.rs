//! One field of a structure: its type and what `#[wire(…)]` says of it.

use crate::name;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{DataStruct, Error, Field as Declared, Ident, LitStr, Result, Type};

/// A field as the derives see it.
pub struct Field<'a> {
    pub ident: &'a Ident,
    pub ty: &'a Type,
    pub flatten: bool,
    pub required: bool,
    request: Option<LitStr>,
    response: Option<LitStr>,
    item: Option<LitStr>,
}

impl Field<'_> {
    /// The fields of a structure with named fields.
    pub fn all(data: &DataStruct) -> Result<Vec<Field<'_>>> {
        data.fields.iter().map(Field::of).collect()
    }

    fn of(declared: &Declared) -> Result<Field<'_>> {
        let unnamed = || Error::new_spanned(declared, "the wire needs named fields");
        let ident = declared.ident.as_ref().ok_or_else(unnamed)?;
        let mut field = Field {
            ident,
            ty: &declared.ty,
            flatten: false,
            required: false,
            request: None,
            response: None,
            item: None,
        };
        declared.attrs.iter().filter(|attr| attr.path().is_ident("wire")).try_for_each(|attr| {
            attr.parse_nested_meta(|meta| {
                let key = meta.path.get_ident().map(Ident::to_string).unwrap_or_default();
                match key.as_str() {
                    "flatten" => field.flatten = true,
                    "required" => field.required = true,
                    "request" => field.request = Some(meta.value()?.parse()?),
                    "response" => field.response = Some(meta.value()?.parse()?),
                    "item" => field.item = Some(meta.value()?.parse()?),
                    "name" => {
                        let name: LitStr = meta.value()?.parse()?;
                        (field.request, field.response) = (Some(name.clone()), Some(name));
                    }
                    _ => {
                        return Err(meta.error("expected name, request, response, item, flatten or required"));
                    }
                }
                Ok(())
            })
        })?;
        Ok(field)
    }

    /// The `Name` constant of this field.
    pub fn name(&self) -> TokenStream {
        let member = name::member(&self.ident.to_string());
        let (request, response, item) =
            (optional(&self.request), optional(&self.response), optional(&self.item));
        quote!(::weir_wire::Name { member: #member, request: #request, response: #response, item: #item })
    }
}

fn optional(literal: &Option<LitStr>) -> TokenStream {
    match literal {
        Some(literal) => quote!(::core::option::Option::Some(#literal)),
        None => quote!(::core::option::Option::None),
    }
}

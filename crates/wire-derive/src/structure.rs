//! Structures: one call for each field.

use crate::field::Field;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{DataStruct, DeriveInput, Generics, Result, TypeParam, parse_quote};

/// `impl Param`: each field is read by `Params::field`, a flattened one by its own type at the same place.
pub fn param(input: &DeriveInput, data: &DataStruct) -> Result<TokenStream> {
    let fields = Field::all(data)?;
    let reads = fields.iter().enumerate().map(|(index, Field { ident, flatten, .. })| match flatten {
        true => quote!(#ident: ::weir_wire::Param::read(params, at)?),
        false => quote!(#ident: params.field(at, &<Self as ::weir_wire::Param>::MEMBERS[#index])?),
    });
    let members = fields.iter().map(|field @ Field { ident, ty, flatten, required, .. }| {
        let (rust, name) = (ident.to_string(), field.name());
        quote!(::weir_wire::Member::in_request::<#ty>(#rust, #name, #flatten, #required))
    });
    let generics = bounded(&input.generics, &parse_quote!(::weir_wire::Param));
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let ident = &input.ident;
    Ok(quote! {
        #[automatically_derived]
        impl #impl_generics ::weir_wire::Param for #ident #type_generics #where_clause {
            const MEMBERS: &'static [::weir_wire::Member] = &[#(#members),*];
            const KIND: ::weir_wire::Kind = ::weir_wire::Kind::Structure(<Self as ::weir_wire::Param>::MEMBERS);
            fn read(
                params: &::weir_wire::Params,
                at: &str,
            ) -> ::core::result::Result<Self, ::weir_wire::WireError> {
                params.enter(at)?;
                Ok(Self { #(#reads),* })
            }
        }
    })
}

/// `impl Xml`: each field is written by `Writer::member`, a flattened one by its own type in the same element.
pub fn xml(input: &DeriveInput, data: &DataStruct) -> Result<TokenStream> {
    let fields = Field::all(data)?;
    let writes = fields.iter().enumerate().map(|(index, Field { ident, flatten, .. })| match flatten {
        true => quote!(::weir_wire::Xml::write(&self.#ident, out);),
        false => quote!(out.member(&<Self as ::weir_wire::Xml>::MEMBERS[#index].name, &self.#ident);),
    });
    let members = fields.iter().map(|field @ Field { ident, ty, flatten, .. }| {
        let (rust, name) = (ident.to_string(), field.name());
        quote!(::weir_wire::Member::in_response::<#ty>(#rust, #name, #flatten))
    });
    let generics = bounded(&input.generics, &parse_quote!(::weir_wire::Xml));
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let ident = &input.ident;
    Ok(quote! {
        #[automatically_derived]
        impl #impl_generics ::weir_wire::Xml for #ident #type_generics #where_clause {
            const MEMBERS: &'static [::weir_wire::Member] = &[#(#members),*];
            const KIND: ::weir_wire::Kind = ::weir_wire::Kind::Structure(<Self as ::weir_wire::Xml>::MEMBERS);
            fn write(&self, out: &mut ::weir_wire::Writer) {
                #(#writes)*
            }
        }
    })
}

fn bounded(generics: &Generics, bound: &syn::TypeParamBound) -> Generics {
    let mut generics = generics.clone();
    generics.type_params_mut().for_each(|parameter: &mut TypeParam| parameter.bounds.push(bound.clone()));
    generics
}

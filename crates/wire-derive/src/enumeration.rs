//! Closed sets of words: one arm for each variant.

use crate::name;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{DataEnum, DeriveInput, Error, Fields, Ident, LitStr, Result, Variant};

/// `impl Param`: the word is looked up among the variants.
pub fn param(input: &DeriveInput, data: &DataEnum) -> Result<TokenStream> {
    let (idents, words) = variants(data)?;
    let ident = &input.ident;
    Ok(quote! {
        #[automatically_derived]
        impl ::weir_wire::Param for #ident {
            const KIND: ::weir_wire::Kind = ::weir_wire::Kind::Word(&[#(#words),*]);
            fn read(
                params: &::weir_wire::Params,
                at: &str,
            ) -> ::core::result::Result<Self, ::weir_wire::WireError> {
                match params.text(at)? {
                    #(#words => ::core::result::Result::Ok(#ident::#idents),)*
                    other => ::core::result::Result::Err(params.not_a_word(at, other, &[#(#words),*])),
                }
            }
        }
    })
}

/// `impl Xml`: the variant's word is the text.
pub fn xml(input: &DeriveInput, data: &DataEnum) -> Result<TokenStream> {
    let (idents, words) = variants(data)?;
    let ident = &input.ident;
    Ok(quote! {
        #[automatically_derived]
        impl ::weir_wire::Xml for #ident {
            const KIND: ::weir_wire::Kind = ::weir_wire::Kind::Word(&[#(#words),*]);
            fn write(&self, out: &mut ::weir_wire::Writer) {
                out.text(match self { #(#ident::#idents => #words),* });
            }
        }
    })
}

fn variants(data: &DataEnum) -> Result<(Vec<&Ident>, Vec<String>)> {
    data.variants
        .iter()
        .map(|variant| Ok((&variant.ident, word(variant)?)))
        .collect::<Result<Vec<_>>>()
        .map(|pairs| pairs.into_iter().unzip())
}

fn word(variant: &Variant) -> Result<String> {
    if !matches!(variant.fields, Fields::Unit) {
        return Err(Error::new_spanned(variant, "a variant with fields has no wire word"));
    }
    let mut word = name::word(&variant.ident.to_string());
    for attr in variant.attrs.iter().filter(|attr| attr.path().is_ident("wire")) {
        attr.parse_nested_meta(|meta| {
            if !meta.path.is_ident("name") {
                return Err(meta.error("expected name"));
            }
            word = meta.value()?.parse::<LitStr>()?.value();
            Ok(())
        })?;
    }
    Ok(word)
}

//! What is sent and how it is changed: filters, compression, lists of folders, negotiation, expiry.

use super::super::kind::Kind::{
    self, AnyText, Choice, Either, Expires, Expression, Integer, Number, SedCommand, Signed, Size, Substitution, Text,
};
use super::{Row, each, line, lines, words};

const ETAGS: &[&str] = &["AddSuffix", "NoChange", "Remove"];

const INDEX_OPTIONS: &[&str] = &[
    "FancyIndexing",
    "FoldersFirst",
    "HTMLTable",
    "IconsAreLinks",
    "IconHeight",
    "IconWidth",
    "IgnoreCase",
    "IgnoreClient",
    "None",
    "ScanHTMLTitles",
    "ShowForbidden",
    "SuppressColumnSorting",
    "SuppressDescription",
    "SuppressHTMLPreamble",
    "SuppressIcon",
    "SuppressLastModified",
    "SuppressRules",
    "SuppressSize",
    "TrackModified",
    "UseOldDateFormat",
    "VersionSort",
    "XHTML",
    "AddAltClass",
    "NameWidth",
    "DescriptionWidth",
    "Charset",
    "Type",
    "IconHeight=",
    "IconWidth=",
    "NameWidth=",
    "DescriptionWidth=",
    "Charset=",
    "Type=",
];

/// Nothing below 0.
const NOT_NEGATIVE: &[Kind] = &[Number(0, i64::MAX as u64)];

pub(super) const ROWS: &[Row] = &[
    words("Action", &[Text, AnyText, Choice(&["virtual"])]),
    words("AddOutputFilterByType", &[Text, AnyText]).at_least(2),
    words("BrotliAlterETag", &[Choice(ETAGS)]),
    words("BrotliCompressionMaxInputBlock", &[Number(16, 24)]),
    words("BrotliCompressionQuality", &[Number(0, 11)]),
    words("BrotliCompressionWindow", &[Number(10, 24)]),
    line("BrotliFilterNote", lines::filter_note),
    words("BufferSize", &[Number(1, i64::MAX as u64)]),
    each(
        "CharsetOptions",
        &[Choice(&["DebugLevel=", "ImplicitAdd", "NoImplicitAdd", "TranslateAllMimeTypes", "NoTranslateAllMimeTypes"])],
    ),
    words("DAV", &[Choice(&["On", "Off", "filesystem"])]),
    words("DAVMinTimeout", NOT_NEGATIVE),
    words("DeflateAlterEtag", &[Choice(ETAGS)]),
    words("DeflateBufferSize", &[Number(1, i32::MAX as u64)]),
    words("DeflateCompressionLevel", &[Number(1, 9)]),
    line("DeflateFilterNote", lines::filter_note),
    words("DeflateInflateLimitRequestBody", &[Integer(0, i64::MAX)]),
    words("DeflateInflateRatioBurst", &[Number(1, i32::MAX as u64)]),
    words("DeflateInflateRatioLimit", &[Number(1, i32::MAX as u64)]),
    words("DeflateMemLevel", &[Number(1, 9)]),
    words("DeflateWindowSize", &[Number(1, 15)]),
    words(
        "DirectoryIndexRedirect",
        &[Either(&[Choice(&["On", "Off", "permanent", "temp", "seeother"]), Number(300, 399)])],
    ),
    words("ExpiresByType", &[Text, Expires]).together(lines::media_type),
    words("ExpiresDefault", &[Expires]),
    line("ExtFilterDefine", lines::external_filter),
    each("ExtFilterOptions", &[Choice(&["DebugLevel=", "LogStderr", "NoLogStderr", "Onfail=abort", "Onfail=remove"])]),
    each("FileETag", &[Signed(&["None", "All", "INode", "MTime", "Size", "Digest"])]),
    words("FilterProvider", &[Text, Text, Expression]),
    each("ForceLanguagePriority", &[Choice(&["None", "Prefer", "Fallback"])]),
    line("Header", lines::header).at_least(1),
    each("IndexOptions", &[Signed(INDEX_OPTIONS)]),
    words(
        "IndexOrderDefault",
        &[Choice(&["Ascending", "Descending"]), Choice(&["Name", "Date", "Size", "Description"])],
    ),
    words("InputSed", &[SedCommand]),
    words("ModemStandard", &[Choice(&["V.21", "V.26bis", "V.32", "V.34", "V.92"])]),
    each("MultiviewsMatch", &[Choice(&["NegotiatedOnly", "Handlers", "Filters", "Any"])]),
    words("OutputSed", &[SedCommand]),
    line("RequestHeader", lines::header).at_least(1),
    words("Substitute", &[Substitution]),
    words("SubstituteMaxLineLength", &[Size]),
    words("XBitHack", &[Choice(&["On", "Off", "Full"])]),
];

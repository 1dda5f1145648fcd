//! Proxies, caches, rewriting and redirections.

use super::super::kind::Kind::{
    self, AnyText, BeginsWithNumber, Choice, ConditionFlags, DurationToHour, Expression, HostOrAddress, Integer,
    Number, Pair, PortRange, Regex, RewriteFlags, RewriteMap, RewriteTest, SharedCache, StartsWith, Text, Url, ZeroOr,
};
use super::{Row, each, line, lines, words};

const REWRITE_OPTIONS: &[&str] = &[
    "Inherit",
    "InheritBefore",
    "InheritDown",
    "InheritDownBefore",
    "IgnoreInherit",
    "AllowNoSlash",
    "AllowAnyURI",
    "MergeBase",
    "IgnoreContextInfo",
    "LegacyPrefixDocRoot",
    "LongURLOptimization",
    "MaxRedirects=",
];

/// Nothing below 0.
const NOT_NEGATIVE: &[Kind] = &[Number(0, i64::MAX as u64)];

/// 0, or so much that it is worth it.
const BUFFER: &[Kind] = &[ZeroOr(512, i32::MAX as u64)];

pub(super) const ROWS: &[Row] = &[
    each("AllowCONNECT", &[PortRange]),
    words("BalancerGrowth", &[Number(0, 1000)]),
    words("CGIVar", &[Choice(&["REQUEST_URI"]), Choice(&["original-uri", "current-uri"])]),
    words("CacheDirLength", &[Number(1, 20)]),
    words("CacheDirLevels", &[Number(1, 20)]),
    words("CacheKeyBaseURL", &[Url]),
    words("CacheLastModifiedFactor", &[BeginsWithNumber]),
    words("CacheLockMaxAge", &[Number(1, i32::MAX as u64)]),
    words("CacheMaxFileSize", NOT_NEGATIVE),
    words("CacheMinFileSize", NOT_NEGATIVE),
    words("CacheReadSize", NOT_NEGATIVE),
    words("CacheReadTime", NOT_NEGATIVE),
    words("CacheSocache", &[SharedCache]),
    words("CacheSocacheMaxSize", &[Integer(1024, u32::MAX as i64)]),
    words("CacheSocacheMaxTime", NOT_NEGATIVE),
    words("CacheSocacheMinTime", NOT_NEGATIVE),
    words("CacheSocacheReadSize", NOT_NEGATIVE),
    words("CacheSocacheReadTime", NOT_NEGATIVE),
    words("MemcacheConnTTL", &[DurationToHour]),
    words("ProxyDomain", &[StartsWith(&["."])]),
    words("ProxyErrorOverride", &[Choice(&["On", "Off"])]),
    words("ProxyFCGIBackendType", &[Choice(&["GENERIC", "FPM"])]),
    words("ProxyFCGISetEnvIf", &[Expression]),
    words("ProxyHCExpr", &[Text, Expression]).at_least(2),
    words("ProxyHCTPsize", NOT_NEGATIVE),
    words("ProxyHCTemplate", &[Text, Pair]).at_least(1).and_so_on(),
    words("ProxyHTMLBufSize", &[Integer(i64::MIN, i64::MAX)]),
    words("ProxyIOBufferSize", BUFFER),
    line("ProxyPass", lines::proxy_pass),
    line("ProxyPassMatch", lines::proxy_pass),
    words("ProxyReceiveBufferSize", BUFFER),
    words("ProxyRemote", &[Text, Url]),
    words("ProxyRemoteMatch", &[Regex, Url]),
    words("ProxySourceAddress", &[HostOrAddress]),
    words("ProxyStatus", &[Choice(&["Off", "On", "Full"])]),
    words("ProxyTimeout", &[Number(1, i32::MAX as u64)]),
    line("Redirect", lines::redirect),
    words("RedirectMatch", &[]).together(lines::redirect_match),
    line("RedirectPermanent", lines::redirect_to),
    line("RedirectTemp", lines::redirect_to),
    words("RedisConnPoolTTL", &[DurationToHour]),
    words("RedisTimeout", &[DurationToHour]),
    each("RequestReadTimeout", &[Choice(&["handshake=", "header=", "body="])]),
    words("RewriteBase", &[StartsWith(&["/"])]),
    words("RewriteCond", &[AnyText, RewriteTest, ConditionFlags]).at_least(2),
    words("RewriteMap", &[Text, RewriteMap]),
    each("RewriteOptions", &[Choice(REWRITE_OPTIONS)]),
    words("RewriteRule", &[Regex, AnyText, RewriteFlags]).at_least(2),
    words("ScriptAliasMatch", &[Regex, Text]),
];

"""Tag profiles: items and people as readable, weighted tags."""

from recsys.profiles.decay import half_life_weights
from recsys.profiles.declared import DeclaredTags, declared_tags, match_declared, muted_matrix
from recsys.profiles.items import ItemProfiles, build_item_profiles
from recsys.profiles.profileconfig import ProfileConfig
from recsys.profiles.stated import CodedColumn, StatedTags
from recsys.profiles.table import ProfileRow, ProfileTable, TagSource, profile_table
from recsys.profiles.terms import TermCounts, TextConfig, count_terms, select_terms
from recsys.profiles.text import clean_text, tokenize
from recsys.profiles.users import UserProfiles, build_user_profiles, declared_profile
from recsys.profiles.vocabulary import FAMILIES, TagVocabulary, plain_name
from recsys.profiles.weighting import bm25_term_weights, inverse_document_frequency

__all__ = [
    "FAMILIES",
    "CodedColumn",
    "DeclaredTags",
    "ItemProfiles",
    "ProfileConfig",
    "ProfileRow",
    "ProfileTable",
    "StatedTags",
    "TagSource",
    "TagVocabulary",
    "TermCounts",
    "TextConfig",
    "UserProfiles",
    "bm25_term_weights",
    "build_item_profiles",
    "build_user_profiles",
    "clean_text",
    "count_terms",
    "declared_profile",
    "declared_tags",
    "half_life_weights",
    "inverse_document_frequency",
    "match_declared",
    "muted_matrix",
    "plain_name",
    "profile_table",
    "select_terms",
    "tokenize",
]

"""The public interface of the store of segmentations and memberships.

The store's models are private. Names that are not in `__all__` are for the sibling apps that
decide which group a user gets; this app only stores their decisions.
"""

from __future__ import annotations

from xblock_experiments.course_user_segmentation.checks import check_actor as check_actor
from xblock_experiments.course_user_segmentation.checks import check_id as check_id
from xblock_experiments.course_user_segmentation.checks import no_such as no_such
from xblock_experiments.course_user_segmentation.histories import (
    get_histories_of as get_histories_of,
)
from xblock_experiments.course_user_segmentation.histories import get_moves_of as get_moves_of
from xblock_experiments.course_user_segmentation.histories import get_user_ids as get_user_ids
from xblock_experiments.course_user_segmentation.memberships import (
    count_members,
    get_group_ids,
    get_history,
    get_members,
    put_in_group,
    remove_from_group,
)
from xblock_experiments.course_user_segmentation.memberships import enter_all as enter_all
from xblock_experiments.course_user_segmentation.memberships import enter_silently as enter_silently
from xblock_experiments.course_user_segmentation.memberships import move as move
from xblock_experiments.course_user_segmentation.over_time import OverTime as OverTime
from xblock_experiments.course_user_segmentation.over_time import (
    get_groups_over_time as get_groups_over_time,
)
from xblock_experiments.course_user_segmentation.over_time import get_spells as get_spells
from xblock_experiments.course_user_segmentation.personal_data import retire_user
from xblock_experiments.course_user_segmentation.publishing import preview_edit, save_segmentations
from xblock_experiments.course_user_segmentation.segmentations import (
    get_all_versions as get_all_versions,
)
from xblock_experiments.course_user_segmentation.segmentations import (
    get_removed_groups,
    get_segmentation,
    get_segmentations,
    get_versions,
)
from xblock_experiments.course_user_segmentation.segmentations import using as using
from xblock_experiments.course_user_segmentation.standings import (
    get_all_standings as get_all_standings,
)
from xblock_experiments.course_user_segmentation.standings import get_standing as get_standing
from xblock_experiments.course_user_segmentation.standings import get_standings as get_standings
from xblock_experiments.course_user_segmentation.standings import (
    get_standings_of as get_standings_of,
)
from xblock_experiments.course_user_segmentation.standings import read_again as read_again
from xblock_experiments.course_user_segmentation.standings import read_winners as read_winners

__all__ = [
    "count_members",
    "get_group_ids",
    "get_history",
    "get_members",
    "get_removed_groups",
    "get_segmentation",
    "get_segmentations",
    "get_versions",
    "preview_edit",
    "put_in_group",
    "remove_from_group",
    "retire_user",
    "save_segmentations",
]

"""ilastik projects: read without running anything in them, and written so that ilastik opens them."""

from tsraster.learning.ilastik.lanewriting import LaneContent
from tsraster.learning.ilastik.project import Dataset, IlastikProject, LabelBlock, Lane
from tsraster.learning.ilastik.projectreading import read_project
from tsraster.learning.ilastik.projectwriting import write_project

__all__ = ["Dataset", "IlastikProject", "LabelBlock", "Lane", "LaneContent", "read_project", "write_project"]

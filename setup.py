"""Packaging of mother; metadata lives here, tools in pyproject.toml."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
(VERSION,) = re.findall(r'__version__ = "([^"]+)"', (HERE / "mother/__init__.py").read_text())

setup(
    name="mother",
    version=VERSION,
    description="Finds, configures, measures and heals the miners of a farm",
    long_description=(HERE / "README.md").read_text(),
    long_description_content_type="text/markdown",
    license_expression="Apache-2.0",
    license_files=["LICENSE"],
    classifiers=[
        "Environment :: No Input/Output (Daemon)",
        "Framework :: Twisted",
        "Intended Audience :: System Administrators",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3 :: Only",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: System :: Monitoring",
        "Typing :: Typed",
    ],
    python_requires=">=3.11",
    packages=find_packages(include=["mother", "mother.*"]),
    package_data={"mother": ["py.typed", "sim/replies/*", "sim/*/replies/*", "sim/*/replies/*/*"]},
    install_requires=[
        "twisted>=24.3",
        "treq>=24.9",
        "statsd>=4.0",
        "netaddr>=1.0",
        "configargparse>=1.7",
        "msgspec>=0.19",
        "cryptography>=42",  # orders to a Whatsminer are encrypted
        "rich>=13",
        "logging-journald>=0.6.12",
        "tzdata>=2024.1",  # for machines without the zone database
    ],
    extras_require={
        "farm": [  # what a lone farm or a commander needs beyond an agent
            "prometheus-client>=0.20",
            "apprise>=1.9",
        ],
        "postgres": ["psycopg[binary]>=3.2"],
        "rig": ["nvidia-ml-py>=12"],
        "dev": [
            "pytest>=8",
            "pytest-twisted>=1.14",
            "pytest-xdist>=3",
            "hypothesis>=6",
            "PyYAML>=6",
            "dragon-rest==0.2.3",
            "prometheus-client>=0.20",
            "apprise>=1.9",
            "mypy>=1.13",
            "mypy-zope>=1.0",
            "ruff>=0.9",
            "types-PyYAML",
            "types-netaddr",
            "build>=1.2",
            "setuptools>=77",
        ],
    },
    entry_points={
        "console_scripts": [
            "mother = mother.cli:main",
            "mother-of-dragons = mother.cli:main_as_mother_of_dragons",
        ]
    },
)

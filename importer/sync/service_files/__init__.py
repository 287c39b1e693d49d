r"""Files that make the machine's own scheduler run a sync job: one module for each scheduler.

```text
schedule.py  when: a time of day, a period    service.py  what runs, as whom, with which folders
                                    \            /
             systemd.py   cron.py   launchd.py   windows.py   compose.py  ->  the text of a file
```

Each builder is pure. Its file says in comments where it goes and which command turns it on. It holds no
secret: secrets stay in the settings file and in the state folder.
"""

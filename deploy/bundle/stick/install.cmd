@echo off
rem Double-click: installs the agent for this user. Also: install.cmd rollback, install.cmd uninstall
chcp 65001 >nul
powershell -NoProfile -ExecutionPolicy Bypass -File "%~dp0install.ps1" %*
set code=%ERRORLEVEL%
if "%~1"=="" pause
exit /b %code%

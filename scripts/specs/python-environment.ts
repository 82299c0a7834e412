/** Makes the virtual environment of the specs, if need be. Only what these need: without Python they say themselves why they are skipped. */
import { environmentComplaint } from '../../spec/support/python.js';

environmentComplaint();
